/** How a weight lies in its file: tfjs may keep floats as fewer bits. */
export type StoredDType = 'float32' | 'int32' | 'bool' | 'uint8' | 'uint16' | 'float16';

export interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** What the weight is once read. A dtype that skipc does not know is listed as float32, and `read` refuses it. */
  readonly dtype: 'float32' | 'int32' | 'bool';
  /** With scale and min, a value is `stored * scale + min`. */
  readonly stored: { readonly dtype: StoredDType; readonly scale?: number; readonly min?: number };
  /** Bytes as stored. */
  readonly byteLength: number;
  /**
   * Exactly the stored bytes, little-endian.
   * @throws SkipcError `weights-dtype`, `weights-missing`, `weights-truncated`, `weights-path`
   */
  read(): Promise<Uint8Array>;
}

/** What lies where in a model's weight files, in the files' order; no weight is read before it is asked for. */
export interface WeightIndex {
  readonly entries: readonly WeightEntry[];
  readonly totalBytes: number;
}

/** The bytes of one group of weights, whatever files they are in. */
export interface GroupBytes {
  /** @param weight whose bytes these are, for messages */
  read(start: number, length: number, weight: string): Promise<Uint8Array>;
}
