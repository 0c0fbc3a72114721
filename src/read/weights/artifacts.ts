import { fail } from '../../diagnostics/error.ts';
import { brief } from '../../schema/validate.ts';
import type { WeightIndex } from './index.ts';
import { entriesOf, readSpecs } from './manifest.ts';

/**
 * The index of weights in tfjs `io.ModelArtifacts`: slices of `weightData`, one buffer or several to be concatenated.
 * @throws SkipcError `config-invalid`, `weights-shape`
 */
export function artifactWeights(specs: unknown, data: unknown): WeightIndex {
  const group = readSpecs(specs);
  const parts = (Array.isArray(data) ? data : [data]).map(view);
  const found = parts.reduce((sum, part) => sum + part.length, 0);
  const read = async (start: number, length: number, weight: string): Promise<Uint8Array> => {
    if (start + length > found) fail('weights-truncated', { weight: brief(weight), shard: 'weightData', found, needed: start + length });
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      // The part's bytes from `start` to `start + length`, both counted from the part's own first byte.
      const piece = part.subarray(Math.max(0, start - at), Math.max(0, start + length - at));
      bytes.set(piece, Math.max(0, at - start));
      at += part.length;
      if (at >= start + length) break;
    }
    return bytes;
  };
  const entries = entriesOf(group, { read }, undefined);
  return { entries, totalBytes: entries.reduce((sum, entry) => sum + entry.byteLength, 0) };
}

function view(part: unknown): Uint8Array {
  if (part instanceof ArrayBuffer || part instanceof SharedArrayBuffer) return new Uint8Array(part);
  if (ArrayBuffer.isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  return fail('config-invalid', { found: typeof part, expected: 'an ArrayBuffer' }, { pointer: '/weightData' });
}
