/** Reading the safetensors format: eight bytes with the header's length, a JSON header, then the tensors' bytes. */

const STORED_BYTES = { F32: 4, I32: 4, BOOL: 1, U8: 1, U16: 2, F16: 2 } as const;

export type StoredDType = keyof typeof STORED_BYTES;

/** A tensor as a safetensors file holds it; `start` and `end` count bytes from the beginning of the file. */
export interface StoredTensor {
  readonly name: string;
  readonly stored: StoredDType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
  /** The dtype it decodes to; a quantised value is `stored * scale + min`. */
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly scale: number;
  readonly min: number;
}

export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: readonly StoredTensor[];
}

/**
 * Reads and checks the header of a safetensors file: every tensor lies inside the file, apart from all others, and has as many
 * bytes as its shape and dtype need.
 * @throws Error saying what is wrong with the file
 */
export function parseSafetensors(file: Uint8Array): SafetensorsHeader {
  const wrong = (what: string): Error => new Error(`not a valid safetensors file: ${what}`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = file.length < 8 ? 0 : view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (file.length < 8 || length > file.length - 8) {
    if (/^\s*</.test(new TextDecoder().decode(file.subarray(0, 64)))) throw wrong('it is an HTML page');
    throw wrong(
      file.length < 8 ? `it has ${file.length} bytes` : `its header of ${length} bytes is cut off, it has ${file.length} bytes in all`,
    );
  }
  let header: unknown;
  let quantization: unknown;
  const metadata = new Map<string, string>();
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(8, 8 + length)));
    for (const [key, value] of Object.entries(ownValue(header, '__metadata__') ?? {})) metadata.set(key, String(value));
    const scales = metadata.get('quantization');
    quantization = scales === undefined ? undefined : JSON.parse(scales);
  } catch (cause) {
    throw new Error(wrong('its header is no JSON').message, { cause });
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw wrong('its header is no JSON object');
  const tensors: StoredTensor[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const at = `tensor ${JSON.stringify(name)}`;
    const stored = ownValue(entry, 'dtype');
    if (typeof stored !== 'string' || !isStoredDType(stored)) throw wrong(`${at} has dtype ${JSON.stringify(stored)}`);
    const shape = ownValue(entry, 'shape');
    if (!isSizes(shape)) throw wrong(`${at} has no shape`);
    const offsets = ownValue(entry, 'data_offsets');
    const [start, end] = isSizes(offsets) ? offsets : [];
    if (start === undefined || end === undefined || start > end) throw wrong(`${at} has no data_offsets`);
    if (end > file.length - 8 - length) throw wrong(`${at} ends at byte ${8 + length + end} of ${file.length}: the file is cut off`);
    // A product beyond 2 ** 53 is rounded, but is then also far beyond the bytes of any file.
    const bytes = shape.reduce((product, size) => product * size, STORED_BYTES[stored]);
    if (bytes !== end - start) throw wrong(`${at} has ${end - start} bytes, but ${stored}[${shape}] needs ${bytes}`);
    const { dtype, scale, min } = decodingOf(stored, ownValue(quantization, name), (what) => wrong(`${at} ${what}`));
    tensors.push({ name, stored, shape, start: 8 + length + start, end: 8 + length + end, dtype, scale, min });
  }
  let before: StoredTensor | undefined;
  for (const tensor of [...tensors].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (before && tensor.start < before.end)
      throw wrong(`tensors ${JSON.stringify(before.name)} and ${JSON.stringify(tensor.name)} overlap`);
    before = tensor;
  }
  return { metadata, tensors };
}

/**
 * The values of a tensor; booleans are 0 and 1.
 * @param shares true where the values may lie in the file itself, as far as their place there allows; else they are a copy
 */
export function decodeStored(
  file: Uint8Array,
  { stored, start, end, dtype, scale, min }: StoredTensor,
  shares = false,
): Float32Array | Int32Array | Uint8Array {
  const size = STORED_BYTES[stored];
  const there = file.subarray(start, end);
  const isPlain = stored === 'F32' || stored === 'I32';
  const raw = (isPlain && !shares) || there.byteOffset % size !== 0 ? new Uint8Array(there) : there;
  const count = raw.length / size;
  if (stored === 'F32') return new Float32Array(raw.buffer, raw.byteOffset, count);
  if (stored === 'I32') return new Int32Array(raw.buffer, raw.byteOffset, count);
  if (stored === 'BOOL') return new Uint8Array(raw).map((value) => (value === 0 ? 0 : 1));
  const codes = stored === 'U8' ? raw : new Uint16Array(raw.buffer, raw.byteOffset, count);
  const values = dtype === 'int32' ? new Int32Array(codes.length) : new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    // In this order and in float64, as tfjs decodes a quantised weight.
    const value = stored === 'F16' ? halfToNumber(codes[i] ?? 0) : (codes[i] ?? 0) * scale + min;
    values[i] = dtype === 'int32' ? Math.round(value) : value;
  }
  return values;
}

function decodingOf(
  stored: StoredDType,
  quantization: unknown,
  wrong: (what: string) => Error,
): Pick<StoredTensor, 'dtype' | 'scale' | 'min'> {
  const plain = { scale: 1, min: 0 };
  if (stored === 'I32') return { dtype: 'int32', ...plain };
  if (stored === 'BOOL') return { dtype: 'bool', ...plain };
  if (stored === 'F32' || stored === 'F16') return { dtype: 'float32', ...plain };
  const dtype = ownValue(quantization, 'dtype') ?? 'float32';
  const scale = ownValue(quantization, 'scale');
  const min = ownValue(quantization, 'min');
  if ((dtype !== 'float32' && dtype !== 'int32') || !Number.isFinite(scale) || !Number.isFinite(min)) {
    throw wrong(`is ${stored}, but its scale, min and dtype are not in the metadata "quantization"`);
  }
  return { dtype, scale: Number(scale), min: Number(min) };
}

/** The number that a float16 with these bits is. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction : fraction + 1024) * 2 ** (Math.max(exponent, 1) - 25);
}

const isStoredDType = (dtype: string): dtype is StoredDType => Object.hasOwn(STORED_BYTES, dtype);

const isSizes = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

/** A property that JSON itself gave the object: a tensor may be called `constructor`. */
function ownValue(object: unknown, key: string): unknown {
  return typeof object === 'object' && object !== null && Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}
