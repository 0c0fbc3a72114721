import '@tensorflow/tfjs-backend-cpu';
import { io } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeStored, parseSafetensors } from '../src/runtime/safetensors.ts';
import { bytesOf, rawFile, safetensorsFile, type TensorEntry } from './safetensors-file.ts';

const FLOATS: TensorEntry = { dtype: 'F32', shape: [2, 2], bytes: bytesOf(Float32Array.of(1, -0, Number.NaN, 1e-40)) };

/** Every tensor of a file, decoded. */
function decodeAll(file: Uint8Array): Map<string, ReturnType<typeof decodeStored>> {
  return new Map(parseSafetensors(file).tensors.map((tensor) => [tensor.name, decodeStored(file, tensor)]));
}

test('tensors of every plain dtype, at odd offsets, empty and scalar', () => {
  const file = safetensorsFile(
    new Map([
      ['flag', { dtype: 'BOOL', shape: [3], bytes: Uint8Array.of(0, 1, 7) }],
      ['__proto__', FLOATS],
      ['constructor', { dtype: 'I32', shape: [], bytes: bytesOf(Int32Array.of(-(2 ** 31))) }],
      ['empty', { dtype: 'F32', shape: [0, 5], bytes: new Uint8Array() }],
    ]),
    { program: 'abc', stage: 'raw' },
  );
  const { metadata, tensors } = parseSafetensors(file);
  expect([...metadata]).toEqual([
    ['program', 'abc'],
    ['stage', 'raw'],
  ]);
  expect(tensors.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
    ['flag', 'bool', [3]],
    ['__proto__', 'float32', [2, 2]],
    ['constructor', 'int32', []],
    ['empty', 'float32', [0, 5]],
  ]);
  expect([...decodeAll(file).values()]).toEqual([
    Uint8Array.of(0, 1, 1),
    Float32Array.of(1, -0, Number.NaN, 1e-40),
    Int32Array.of(-(2 ** 31)),
    new Float32Array(),
  ]);
});

test('what is decoded is a copy, also of a Buffer inside a larger one', () => {
  const file = safetensorsFile(new Map([['w', FLOATS]]));
  const buffer = Buffer.concat([Buffer.from('abc'), file, Buffer.from('xyz')]).subarray(3, 3 + file.length);
  const { tensors } = parseSafetensors(buffer);
  const values = tensors.map((tensor) => decodeStored(buffer, tensor));
  buffer.fill(0);
  expect(values).toEqual([Float32Array.of(1, -0, Number.NaN, 1e-40)]);
});

describe('quantised', () => {
  const decoded = async (
    stored: 'uint8' | 'uint16' | 'float16',
    codes: Uint8Array | Uint16Array,
    dtype: 'float32' | 'int32',
    scale: number,
    min: number,
  ) => {
    const quantization = stored === 'float16' ? { dtype: stored } : { dtype: stored, scale, min };
    const spec = { name: 'w', shape: [codes.length], dtype, quantization } as io.WeightsManifestEntry;
    const tensors = io.decodeWeights(bytesOf(codes).slice().buffer as ArrayBuffer, [spec]);
    const values = await tensors['w']?.data();
    tensors['w']?.dispose();
    return values;
  };
  const ours = (dtype: string, codes: Uint8Array | Uint16Array, quantization?: object) => {
    const metadata = quantization && { quantization: JSON.stringify({ w: quantization }) };
    return decodeAll(safetensorsFile(new Map([['w', { dtype, shape: [codes.length], bytes: bytesOf(codes) }]]), metadata)).get('w');
  };

  test('every float16 is what tfjs decodes', async () => {
    const codes = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const values = ours('F16', codes);
    expect(values).toEqual(await decoded('float16', codes, 'float32', 1, 0));
    expect([0, 0x8000, 1, 0x3ff, 0x400, 0x7bff, 0x7c00, 0xfc00, 0x3555].map((code) => values?.[code])).toEqual([
      0,
      -0,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      65504,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      0.333251953125,
    ]);
    expect([0x7c01, 0x7e00, 0xffff].map((code) => values?.[code])).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  test('uint8 and uint16 are what tfjs decodes, to the last bit', async () => {
    // A manifest is JSON, which has no -0.
    const number = fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((value) => value + 0);
    const property = fc.asyncProperty(number, number, fc.constantFrom('float32' as const, 'int32' as const), async (scale, min, dtype) => {
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      expect(ours('U8', bytes, { scale, min, dtype })).toEqual(await decoded('uint8', bytes, dtype, scale, min));
      const words = Uint16Array.from({ length: 999 }, (_, i) => (i * 131) % 65536);
      expect(ours('U16', words, { scale, min, dtype })).toEqual(await decoded('uint16', words, dtype, scale, min));
    });
    await fc.assert(property, { numRuns: 40 });
  });

  test.each([
    ['no metadata', undefined],
    ['no scale', { min: 0, dtype: 'float32' }],
    ['a scale that is no number', { scale: '1', min: 0, dtype: 'float32' }],
    ['a min that is null', { scale: 1, min: null, dtype: 'float32' }],
    ['another dtype', { scale: 1, min: 0, dtype: 'bool' }],
  ])('refused: %s', (_, quantization) => {
    expect(() => ours('U8', Uint8Array.of(1), quantization)).toThrow('tensor "w" is U8, but its scale, min and dtype');
  });

  test('a scale is never one that an object inherits', () => {
    const file = safetensorsFile(new Map([['constructor', { dtype: 'U8', shape: [1], bytes: Uint8Array.of(1) }]]), { quantization: '{}' });
    expect(() => parseSafetensors(file)).toThrow('tensor "constructor" is U8');
  });
});

describe('wrong files', () => {
  const data = new Uint8Array(64);
  const withEntry = (entry: unknown): Uint8Array => rawFile(JSON.stringify({ w: entry }), data);

  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(), 'it has 0 bytes'],
    ['seven bytes', new Uint8Array(7), 'it has 7 bytes'],
    ['a header of 2 ** 53 bytes', rawFile('{}', data, 2n ** 53n), `its header of ${2 ** 53} bytes is cut off`],
    ['a header of 2 ** 64 - 1 bytes', rawFile('{}', data, 2n ** 64n - 1n), 'is cut off'],
    ['a header one byte too long', rawFile('{}', new Uint8Array(), 3n), 'its header of 3 bytes is cut off'],
    ['an HTML page', new TextEncoder().encode('\n <!DOCTYPE html><title>not found</title>'), 'it is an HTML page'],
    ['a short HTML page', new TextEncoder().encode('<p>no'), 'it is an HTML page'],
    ['no JSON', rawFile('{"w":', data), 'no JSON'],
    ['a header of no length', rawFile('', data), 'no JSON'],
    ['no UTF-8', rawFile('{"w', Uint8Array.of(0xff, 0xfe, 0x22, 0x7d), 7n), 'no JSON'],
    ['an array', rawFile('[]', data), 'no JSON object'],
    ['null', rawFile('null', data), 'no JSON object'],
    ['quantization that is no JSON', rawFile('{"__metadata__":{"quantization":"{"}}', data), 'no JSON'],
    ['a tensor that is null', withEntry(null), 'tensor "w" has dtype undefined'],
    ['float64', withEntry({ dtype: 'F64', shape: [1], data_offsets: [0, 8] }), 'tensor "w" has dtype "F64"'],
    ['an inherited dtype', withEntry({ dtype: 'toString', shape: [1], data_offsets: [0, 8] }), 'tensor "w" has dtype "toString"'],
    ['no shape', withEntry({ dtype: 'F32', data_offsets: [0, 4] }), 'tensor "w" has no shape'],
    ['a negative size', withEntry({ dtype: 'F32', shape: [-1, -1], data_offsets: [0, 4] }), 'tensor "w" has no shape'],
    ['a fraction', withEntry({ dtype: 'F32', shape: [1.5, 2], data_offsets: [0, 12] }), 'tensor "w" has no shape'],
    ['no offsets', withEntry({ dtype: 'F32', shape: [1] }), 'tensor "w" has no data_offsets'],
    ['one offset', withEntry({ dtype: 'F32', shape: [1], data_offsets: [4] }), 'tensor "w" has no data_offsets'],
    ['a negative offset', withEntry({ dtype: 'F32', shape: [1], data_offsets: [-4, 0] }), 'tensor "w" has no data_offsets'],
    ['offsets backwards', withEntry({ dtype: 'F32', shape: [1], data_offsets: [8, 4] }), 'tensor "w" has no data_offsets'],
    ['an end behind the file', withEntry({ dtype: 'F32', shape: [17], data_offsets: [0, 68] }), 'the file is cut off'],
    ['too few bytes', withEntry({ dtype: 'F32', shape: [3], data_offsets: [0, 8] }), 'tensor "w" has 8 bytes, but F32[3] needs 12'],
    ['too many bytes', withEntry({ dtype: 'U8', shape: [3], data_offsets: [0, 8] }), 'tensor "w" has 8 bytes, but U8[3] needs 3'],
    ['a product beyond 2 ** 64', withEntry({ dtype: 'F32', shape: [2 ** 32, 2 ** 32], data_offsets: [0, 0] }), 'tensor "w" has 0 bytes'],
    ['an infinite product', withEntry({ dtype: 'F32', shape: [...Array(30).fill(2 ** 52), 0], data_offsets: [0, 0] }), 'needs NaN'],
    [
      'overlapping tensors',
      rawFile('{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', data),
      'tensors "b" and "a" overlap',
    ],
  ])('%s', (_, file, message) => {
    expect(() => parseSafetensors(file)).toThrow('not a valid safetensors file');
    expect(() => parseSafetensors(file)).toThrow(message);
  });

  test('a header whose length reads like HTML is none', () => {
    const header = '{}'.padEnd(0x3c);
    expect(parseSafetensors(rawFile(header, new Uint8Array())).tensors).toEqual([]);
  });

  test('cut at any byte', () => {
    const file = safetensorsFile(new Map([['w', FLOATS]]));
    for (let length = 0; length < file.length; length++) expect(() => parseSafetensors(file.subarray(0, length))).toThrow('not a valid');
  });
});
