import '@tensorflow/tfjs-backend-cpu';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import {
  engine,
  findBackendFactory,
  getBackend,
  memory,
  registerBackend,
  removeBackend,
  type Tensor,
  tensor,
  tidy,
  variable,
} from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkInputs, type InputSpec } from '../src/runtime/inputs.ts';
import { backendReady, type LoadOptions, openWeights, takeWeights, type WeightSource } from '../src/runtime/load.ts';
import type { Variable } from '../src/runtime/resolve.ts';
import { bytesOf, safetensorsFile } from './safetensors-file.ts';

const VARIABLES = {
  kernel: ['net/dense/kernel', 0, [2, 2], 'float32'],
  bias: ['net/dense/bias', 1, [2], 'float32'],
  steps: ['net/count/steps', 0, [], 'int32'],
} as const satisfies Record<string, Variable>;

const QUANTIZATION = JSON.stringify({ 'net/dense/bias': { scale: 0.5, min: -1, dtype: 'float32' } });
const FILE = safetensorsFile(
  new Map([
    ['net/dense/bias', { dtype: 'U8', shape: [2], bytes: Uint8Array.of(0, 255) }],
    ['net/dense/kernel', { dtype: 'F32', shape: [2, 2], bytes: bytesOf(Float32Array.of(1, 2, 3, 4)) }],
    ['net/count/steps', { dtype: 'I32', shape: [], bytes: bytesOf(Int32Array.of(-7)) }],
  ]),
  { quantization: QUANTIZATION, stage: 'raw' },
);
const VALUES = { kernel: [1, 2, 3, 4], bias: [-1, 126.5], steps: [-7] };

async function readWeights<K extends string>(source: WeightSource, variables: Readonly<Record<K, Variable>>, options?: LoadOptions) {
  return takeWeights(await openWeights(source, options), variables);
}

/** Values of tensors, which are then disposed. */
function taken(tensors: Readonly<Record<string, Tensor>>): Record<string, number[]> {
  const values = Object.fromEntries(Object.entries(tensors).map(([key, value]) => [key, [...value.dataSync()]]));
  for (const value of Object.values(tensors)) value.dispose();
  return values;
}

let before: number;
beforeAll(backendReady);
beforeEach(() => {
  before = memory().numTensors;
});
// No test may leave a tensor, whether it reads or fails.
afterEach(() => {
  expect(memory().numTensors).toBe(before);
});

describe('reading weights', () => {
  test('from an ArrayBuffer, a view and a Buffer, as tensors of their dtypes', async () => {
    const shifted = new Uint8Array(FILE.length + 3);
    shifted.set(FILE, 3);
    for (const source of [
      FILE.slice().buffer,
      FILE,
      shifted.subarray(3),
      Buffer.from(FILE),
      new DataView(FILE.buffer, FILE.byteOffset, FILE.length),
    ]) {
      const weights = await readWeights(source, VARIABLES);
      expect(memory().numTensors).toBe(before + 3);
      expect([weights.kernel, weights.bias, weights.steps].map(({ dtype, shape }) => [dtype, shape])).toEqual([
        ['float32', [2, 2]],
        ['float32', [2]],
        ['int32', []],
      ]);
      expect(taken(weights)).toEqual(VALUES);
    }
  });

  test('only the weights that are asked for', async () => {
    const weights = await readWeights(FILE, { bias: VARIABLES.bias });
    expect(memory().numTensors).toBe(before + 1);
    expect(taken(weights)).toEqual({ bias: VALUES.bias });
  });

  test('the metadata of a file', async () => {
    const { metadata } = await openWeights(FILE);
    expect(metadata.get('stage')).toBe('raw');
  });

  test('from tensors: clones that share the buffer, casts where the dtype differs', async () => {
    const given = {
      'dense/kernel': tensor([1, 2, 3, 4], [2, 2]),
      'dense/bias:0': tensor([0, 1], [2], 'int32'),
      'count/steps': tensor(true),
      other: tensor(5),
    };
    const weights = await readWeights(given, VARIABLES);
    expect(weights.kernel.dataId).toBe(given['dense/kernel'].dataId);
    expect(weights.kernel).not.toBe(given['dense/kernel']);
    expect([weights.bias.dtype, weights.steps.dtype]).toEqual(['float32', 'int32']);
    for (const value of Object.values(given)) value.dispose();
    expect(taken(weights)).toEqual({ kernel: [1, 2, 3, 4], bias: [0, 1], steps: [1] });
  });

  test('from a live model, whose later values they do not take on', async () => {
    const kernel = variable(tensor([1, 2, 3, 4], [2, 2]));
    const model = {
      weights: [
        { name: 'dense/kernel_1', originalName: 'dense/kernel', read: () => kernel },
        { name: 'dense/bias', read: () => bias },
        { name: 'count/steps', originalName: 'count/steps', read: () => steps },
      ],
    };
    const bias = tensor([5, 6]);
    const steps = tensor(3, [], 'int32');
    const weights = await readWeights(model, VARIABLES);
    const next = tensor([9, 9, 9, 9], [2, 2]);
    kernel.assign(next);
    expect(taken(weights)).toEqual({ kernel: [1, 2, 3, 4], bias: [5, 6], steps: [3] });
    for (const value of [bias, steps, kernel, next]) value.dispose();
    engine().disposeVariables();
    before = memory().numTensors;
  });

  test.each<[string, (given: Record<string, Tensor>) => unknown, string]>([
    [
      'a missing weight',
      ({ kernel, bias }) => ({ 'net/dense/kernel': kernel, 'net/dense/bias': bias }),
      'weight "net/count/steps" is missing',
    ],
    [
      'a wrong shape',
      ({ bias, steps }) => ({ 'net/dense/kernel': bias, 'net/dense/bias': bias, 'net/count/steps': steps }),
      'weight "net/dense/kernel"',
    ],
    [
      'a string',
      ({ kernel, bias, word }) => ({ 'net/dense/kernel': kernel, 'net/dense/bias': bias, 'net/count/steps': word }),
      'weight "net/count/steps" has dtype string',
    ],
    [
      'a disposed tensor',
      ({ kernel, bias, steps }) => {
        steps?.dispose();
        return { 'net/dense/kernel': kernel, 'net/dense/bias': bias, 'net/count/steps': steps };
      },
      'weight "net/count/steps" is a tensor that is disposed',
    ],
    ['what is no tensor', () => ({ 'net/dense/kernel': [1, 2, 3, 4] }), '"net/dense/kernel" is not a tensor'],
    ['a tensor without a name', ({ kernel }) => kernel, 'expected an ArrayBuffer'],
    ['null', () => null, 'expected an ArrayBuffer'],
    ['nothing', () => undefined, 'expected an ArrayBuffer'],
    ['a number', () => 3, 'expected an ArrayBuffer'],
    ['a file that is cut off', () => FILE.subarray(0, FILE.length - 1), 'the file is cut off'],
    ['a file without the weight', () => safetensorsFile(new Map()), 'weight "net/dense/kernel" is missing'],
  ])('leaves nothing after %s', async (_, source, message) => {
    const given = { kernel: tensor([1, 2, 3, 4], [2, 2]), bias: tensor([5, 6]), steps: tensor(3), word: tensor('three') };
    await expect(readWeights(source(given) as WeightSource, VARIABLES)).rejects.toThrow(message);
    for (const value of Object.values(given)) value.dispose();
  });

  test('leaves nothing when an op throws after the first tensor', async () => {
    const given = { 'net/dense/kernel': tensor([1, 2, 3, 4], [2, 2]), 'net/dense/bias': tensor([5, 6]), 'net/count/steps': tensor(3) };
    const made: number[] = [];
    const { available, metadata } = await openWeights(given);
    const failing = available.map((item, i) => ({
      ...item,
      read: () => {
        made.push(memory().numTensors);
        if (i === 2) throw new Error('lost the context');
        return item.read();
      },
    }));
    expect(() => takeWeights({ available: failing, metadata }, VARIABLES)).toThrow('lost the context');
    expect(made.at(-1)).toBe(before + 5);
    for (const value of Object.values(given)) value.dispose();
  });
});

describe('from a path or URL', () => {
  let folder: string;
  let server: Server;
  let origin: string;
  /** Answers that wait for the client to hang up. */
  let hanging: () => void = () => undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skipc weights #1 '));
    await writeFile(join(folder, 'a.safetensors'), FILE);
    await writeFile(join(folder, 'page.html'), '<!DOCTYPE html><p>not here');
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '', 'http://localhost');
      const half = Math.floor(FILE.length / 2);
      if (pathname === '/weights') response.writeHead(200, { 'content-length': FILE.length }).end(FILE);
      else if (pathname === '/unknown-length') response.write(FILE.subarray(0, half), () => response.end(FILE.subarray(half)));
      else if (pathname === '/secret') response.writeHead(request.headers.authorization === 'Bearer x' ? 200 : 401).end(FILE);
      else if (pathname === '/page') response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!DOCTYPE html>');
      else if (pathname === '/untyped-page') response.writeHead(200).end('  <html><body>Sign in</body></html>');
      else if (pathname === '/hangs') {
        response.writeHead(200, { 'content-length': FILE.length }).write(FILE.subarray(0, half), () => hanging());
      } else if (pathname === '/breaks') {
        response.writeHead(200, { 'content-length': FILE.length }).write(FILE.subarray(0, half), () => response.destroy());
      } else response.writeHead(404).end('none');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  test('on disk, by path, file URL, and from data and blob URLs', async () => {
    const path = join(folder, 'a.safetensors');
    const blob = URL.createObjectURL(new Blob([FILE as Uint8Array<ArrayBuffer>]));
    const data = `data:application/octet-stream;base64,${Buffer.from(FILE).toString('base64')}`;
    for (const source of [path, pathToFileURL(path), pathToFileURL(path).href, blob, data]) {
      const fractions: number[] = [];
      expect(taken(await readWeights(source, VARIABLES, { onProgress: (fraction) => fractions.push(fraction) }))).toEqual(VALUES);
      expect(fractions.at(-1)).toBe(1);
    }
    URL.revokeObjectURL(blob);
  });

  test('by http, with progress', async () => {
    for (const url of [`${origin}/weights`, new URL('/unknown-length', origin)]) {
      const fractions: number[] = [];
      expect(taken(await readWeights(url, VARIABLES, { onProgress: (fraction) => fractions.push(fraction) }))).toEqual(VALUES);
      expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
      expect(fractions.filter((fraction) => fraction === 1)).toEqual([1]);
      expect(taken(await readWeights(url, VARIABLES))).toEqual(VALUES);
    }
  });

  test('with what the request needs', async () => {
    const requestInit = { headers: { authorization: 'Bearer x' } };
    expect(taken(await readWeights(`${origin}/secret`, VARIABLES, { requestInit }))).toEqual(VALUES);
    await expect(readWeights(`${origin}/secret`, VARIABLES)).rejects.toThrow(`${origin}/secret: the server answers 401`);
  });

  test.each([
    ['/nowhere', '/nowhere: the server answers 404 Not Found'],
    ['/page', '/page: an HTML page came back'],
    ['/untyped-page', '/untyped-page: not a valid safetensors file: it is an HTML page'],
    ['/breaks', '/breaks: '],
  ])('%s fails, naming the URL', async (path, message) => {
    await expect(readWeights(origin + path, VARIABLES)).rejects.toThrow(`cannot read weights from ${origin}${message}`);
    await expect(readWeights(origin + path, VARIABLES, { onProgress: () => undefined })).rejects.toThrow(origin + path);
  });

  test('a file that is not there, or is HTML, or a server that is not there', async () => {
    await expect(readWeights(join(folder, 'b'), VARIABLES)).rejects.toThrow(`cannot read weights from ${join(folder, 'b')}: ENOENT`);
    const page = pathToFileURL(join(folder, 'page.html'));
    await expect(readWeights(page, VARIABLES)).rejects.toThrow(`${page.href}: not a valid safetensors file: it is an HTML page`);
    await expect(readWeights('http://127.0.0.1:1/w', VARIABLES)).rejects.toThrow('cannot read weights from http://127.0.0.1:1/w');
  });

  test('a long data URL is not repeated in full', async () => {
    const error: unknown = await readWeights(`data:,${'x'.repeat(1e5)}`, VARIABLES).catch((reason: unknown) => reason);
    expect((error as Error).message.length).toBeLessThan(500);
  });

  test('an abort is the reason it fails with', async () => {
    const reason = new Error('no longer needed');
    await expect(readWeights(FILE, VARIABLES, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(readWeights(join(folder, 'a.safetensors'), VARIABLES, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    for (const options of [{}, { onProgress: () => undefined }]) {
      const abort = new AbortController();
      hanging = () => abort.abort(reason);
      await expect(readWeights(`${origin}/hangs`, VARIABLES, { ...options, signal: abort.signal })).rejects.toBe(reason);
      const other = new AbortController();
      hanging = () => other.abort(reason);
      await expect(readWeights(`${origin}/hangs`, VARIABLES, { ...options, requestInit: { signal: other.signal } })).rejects.toBe(reason);
    }
  });

  test('a failing progress callback ends the request', async () => {
    const closed = new Promise<void>((resolve) => server.once('request', (_, response) => response.once('close', resolve)));
    const onProgress = (): never => {
      throw new Error('the page is gone');
    };
    await expect(readWeights(`${origin}/hangs`, VARIABLES, { onProgress })).rejects.toThrow('the page is gone');
    await closed;
  });
});

describe('the backend', () => {
  test('is left as it is', async () => {
    await backendReady();
    expect(getBackend()).toBe('cpu');
  });

  test('is asked for where none is registered', async () => {
    const factory = findBackendFactory('cpu');
    removeBackend('cpu');
    try {
      await expect(backendReady()).rejects.toThrow("import '@tensorflow/tfjs-backend-wasm'");
    } finally {
      registerBackend('cpu', factory);
      await backendReady();
    }
  });
});

describe('checking inputs', () => {
  const IMAGE = { image: ['float32', ['?', 4, '?image.2']] } as const satisfies Record<string, InputSpec>;
  const SPECS = {
    ...IMAGE,
    word: ['string', ['?']],
    flag: ['bool', ['?', '?image.2'], 1],
  } as const satisfies Record<string, InputSpec>;

  test('gives back the very tensors, by name or alone', () => {
    const image = tensor([1, 2, 3, 4], [1, 4, 1]);
    const word = tensor(['a']);
    expect(checkInputs({ image, word }, SPECS, 'input')).toEqual({ image, word });
    expect(checkInputs({ image, word, flag: undefined }, SPECS, 'input')).not.toHaveProperty('flag');
    expect(checkInputs({ image }, IMAGE, 'input').image).toBe(image);
    expect(checkInputs(image, IMAGE, 'input').image).toBe(image);
    expect(checkInputs(image, { ...IMAGE, flag: SPECS.flag }, 'input')).toEqual({ image });
    expect(checkInputs(Object.assign(Object.create(null), { image }), IMAGE, 'input').image).toBe(image);
    image.dispose();
    word.dispose();
  });

  test('casts other numbers inside the tidy of the caller', () => {
    for (const [from, to] of [
      ['int32', 'float32'],
      ['bool', 'float32'],
      ['float32', 'int32'],
      ['bool', 'int32'],
      ['float32', 'bool'],
    ] as const) {
      const x = tensor([1, 0], [2], from);
      tidy(() => {
        const { x: checked } = checkInputs({ x }, { x: [to, ['?']] }, 'input');
        expect([checked.dtype, [...checked.dataSync()]]).toEqual([to, [1, 0]]);
        expect(memory().numTensors).toBe(before + 2);
      });
      expect(memory().numTensors).toBe(before + 1);
      x.dispose();
    }
  });

  const makers: Record<string, () => unknown> = {
    image: () => tensor([1, 2, 3, 4], [1, 4, 1]),
    images: () => tensor(new Float32Array(16), [2, 4, 2], 'int32'),
    flat: () => tensor([1, 2, 3, 4]),
    wide: () => tensor(new Float32Array(5), [1, 5, 1]),
    word: () => tensor(['a']),
    words: () => tensor(['a', 'b', 'c']),
    flag: () => tensor([true], [1, 1]),
    gone: () => {
      const value = tensor([1, 2, 3, 4], [1, 4, 1]);
      value.dispose();
      return value;
    },
  };
  const given = (...names: [key: string, maker: string][]): Record<string, unknown> =>
    Object.fromEntries(names.map(([key, maker]) => [key, makers[maker]?.()]));

  test.each<[string, () => unknown, string]>([
    ['nothing', () => undefined, 'inputs: found nothing, expected "image", "word", "flag" by name'],
    ['null', () => null, 'inputs: found null, expected'],
    ['a number', () => 3, 'inputs: found a value of type number'],
    ['a tensor for two', () => makers['image']?.(), 'inputs: found a tensor without a name, expected "image", "word", "flag" by name'],
    ['a missing name', () => given(['image', 'image']), 'input "word": found nothing, expected string[?]'],
    [
      'an extra name',
      () => given(['image', 'image'], ['word', 'word'], ['mask', 'flag']),
      'input "mask" is not known: expected "image", "word", "flag"',
    ],
    ['an array', () => [makers['image']?.()], 'input "0" is not known'],
    ['a prototype key', () => JSON.parse('{"__proto__": 1}'), 'input "__proto__" is not known'],
    ['an inherited name', () => given(['toString', 'image']), 'input "toString" is not known'],
    ['an inherited value', () => Object.create({ image: 1, word: 2 }), 'input "image": found nothing'],
    ['an array of numbers', () => ({ image: [[[1]]], word: 'a' }), 'input "image": found a value of type object, expected float32[?,4,?]'],
    ['a disposed tensor', () => given(['image', 'gone'], ['word', 'word']), 'input "image": found a tensor that is disposed'],
    [
      'another rank',
      () => given(['image', 'flat'], ['word', 'word']),
      'input "image": found float32[4] of rank 1, expected float32[?,4,?]',
    ],
    ['another size', () => given(['image', 'wide'], ['word', 'word']), 'input "image": found float32[1,5,1], expected float32[?,4,?]'],
    ['a string for numbers', () => given(['image', 'word'], ['word', 'word']), 'input "image": found string[1], expected float32[?,4,?]'],
    ['numbers for a string', () => given(['image', 'image'], ['word', 'flat']), 'input "word": found float32[4], expected string[?]'],
    [
      'two batch sizes',
      () => given(['image', 'images'], ['word', 'words']),
      'input "word": found string[3] whose axis 0 is 3, while the same size is 2 in "image"',
    ],
    ['two lengths', () => given(['flag', 'flag'], ['image', 'images'], ['word', 'word']), 'while the same size is 2 in "image"'],
    [
      'an optional one that is wrong',
      () => given(['image', 'image'], ['word', 'word'], ['flag', 'flat']),
      'input "flag": found float32[4] of rank 1',
    ],
  ])('refuses %s before any op runs', (_, make, message) => {
    const value = make();
    const made = memory().numTensors;
    expect(() => checkInputs(value, SPECS, 'input')).toThrow(message);
    expect(memory().numTensors).toBe(made);
    for (const item of [value, ...Object.values(value ?? {})])
      if (typeof (item as Tensor | null)?.dispose === 'function') (item as Tensor).dispose();
  });

  test('one symbol twice in a shape is one size', () => {
    const square = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
    expect(() => checkInputs(square, { square: ['float32', ['?n', '?n']] }, 'feature')).toThrow(
      'feature "square": found float32[2,3] whose axis 1 is 3, while the same size is 2',
    );
    square.dispose();
  });
});

test('type-checks in a project for browsers, with every strict option', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'skipc-types-'));
  const root = fileURLToPath(new URL('..', import.meta.url));
  const compilerOptions = {
    ...{
      target: 'es2023',
      lib: ['es2023', 'dom'],
      types: [],
      module: 'esnext',
      moduleResolution: 'bundler',
      noEmit: true,
      skipLibCheck: true,
    },
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noImplicitReturns: true, noUnusedLocals: true },
    ...{
      noUnusedParameters: true,
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
      isolatedModules: true,
      allowImportingTsExtensions: true,
    },
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: [join(root, 'src/runtime')] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error);
  expect(stdout).toBe('');
  await rm(folder, { recursive: true });
});
