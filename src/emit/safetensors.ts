import { SAFETENSORS_DTYPES } from '../read/weights/values.ts';

/** A tensor as a weight file stores it. */
export interface StoredWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly stored: {
    readonly dtype: 'float32' | 'int32' | 'bool' | 'uint8' | 'uint16' | 'float16';
    readonly scale?: number;
    readonly min?: number;
  };
  /** What it is once loaded. */
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly bytes: Uint8Array;
}

/**
 * A safetensors file (https://huggingface.co/docs/safetensors): the header's length in 8 bytes, the header as JSON padded
 * with spaces to 8 bytes, the tensors one after the other. Quantised tensors keep their dtype; their scale and minimum
 * stand in the metadata.
 * @param metadata strings; the program's hash and whether its load stage is done
 */
export function writeSafetensors(weights: readonly StoredWeight[], metadata: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const quantization = weights
    .filter(({ stored, dtype }) => stored.dtype !== dtype)
    .map(({ name, stored, dtype }) => [
      name,
      { ...(stored.scale === undefined ? {} : { scale: stored.scale, min: stored.min ?? 0 }), dtype },
    ]);
  const header: [string, unknown][] = [
    [
      '__metadata__',
      { ...metadata, ...(quantization.length > 0 ? { quantization: JSON.stringify(Object.fromEntries(quantization)) } : {}) },
    ],
  ];
  let offset = 0;
  for (const { name, shape, stored, bytes } of weights) {
    header.push([name, { dtype: SAFETENSORS_DTYPES[stored.dtype], shape, data_offsets: [offset, offset + bytes.byteLength] }]);
    offset += bytes.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = Math.ceil((8 + json.length) / 8) * 8;
  const file = new Uint8Array(start + offset).fill(0x20, 8, start);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.set(json, 8);
  let at = start;
  for (const { bytes } of weights) {
    file.set(bytes, at);
    at += bytes.byteLength;
  }
  return file;
}
