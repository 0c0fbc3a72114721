import { anything } from '../../schema/build.ts';
import type { Lowering } from '../row.ts';

/** A key of SipHash: two 64-bit integers. */
export type Salt = readonly [number, number];

export const saltConfig = anything;

/** The salt of a hash: an integer that stands for both, or two. */
export function saltOf(layer: Lowering, salt: unknown): Salt | null {
  if (salt === null || salt === undefined) return null;
  const [a, b, ...more] = Array.isArray(salt) ? (salt as readonly unknown[]) : [salt, salt];
  if (more.length > 0 || !Number.isInteger(a) || !Number.isInteger(b))
    return layer.mismatch('a salt is an integer, or two', JSON.stringify(salt).slice(0, 80));
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b))
    return layer.unsupported('a salt beyond 2^53, which JSON in JavaScript does not hold exactly', 'choose a smaller salt');
  return [a as number, b as number];
}
