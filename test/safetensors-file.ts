/** Writes safetensors files for tests, right ones and wrong ones. */

export interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export const bytesOf = (values: ArrayBufferView): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** A file with these tensors one after the other. */
export function safetensorsFile(tensors: ReadonlyMap<string, TensorEntry>, metadata?: Readonly<Record<string, string>>): Uint8Array {
  let offset = 0;
  const entries = [...tensors].map(([name, { dtype, shape, bytes }]): [string, unknown] => {
    const start = offset;
    offset += bytes.length;
    return [name, { dtype, shape, data_offsets: [start, offset] }];
  });
  if (metadata) entries.unshift(['__metadata__', metadata]);
  const data = Buffer.concat([...tensors.values()].map(({ bytes }) => bytes));
  return rawFile(JSON.stringify(Object.fromEntries(entries)), data);
}

/** A file with this header, whatever it says, and these bytes behind it. */
export function rawFile(header: string, data: Uint8Array, length: bigint = BigInt(Buffer.byteLength(header))): Uint8Array {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length);
  return new Uint8Array(Buffer.concat([prefix, Buffer.from(header), data]));
}
