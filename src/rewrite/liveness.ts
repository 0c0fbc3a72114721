import type { BodyOp } from '../ir/program.ts';
import { bytes, type TensorType } from '../ir/types.ts';

/**
 * For each op of a straight line, the tensors that nothing behind it uses.
 * @param ops in the order in which they run
 * @param kept tensors that outlive the line: what it returns, and what is not its own
 */
export function lastUses(ops: readonly BodyOp[], kept: ReadonlySet<string>): readonly (readonly string[])[] {
  const seen = new Set(kept);
  const dying: string[][] = ops.map(() => []);
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = ops[i] as BodyOp;
    for (const name of [...op.operands, ...op.results.map((result) => result.name)]) {
      if (seen.has(name) || name.startsWith('@')) continue;
      seen.add(name);
      (dying[i] as string[]).push(name);
    }
  }
  return dying;
}

/** The most bytes of tensors that a straight line holds at once, what it is given included, for one sample. */
export function peakBytes(
  ops: readonly BodyOp[],
  given: readonly string[],
  returned: ReadonlySet<string>,
  typeOf: (name: string) => TensorType,
): number {
  const dying = lastUses(ops, new Set([...returned, ...given]));
  let now = given.reduce((sum, name) => sum + bytes(typeOf(name)), 0);
  let peak = now;
  ops.forEach((op, i) => {
    now += op.results.reduce((sum, { type }) => sum + bytes(type), 0);
    peak = Math.max(peak, now);
    now -= (dying[i] as readonly string[]).reduce((sum, name) => sum + bytes(typeOf(name)), 0);
  });
  return peak;
}
