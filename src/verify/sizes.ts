import { type Case, caseOf, kindsFor, type Sources } from './cases.ts';
import { Failure } from './side.ts';
import type { Loaded } from './subjects.ts';

/** Sizes that are tried where a model leaves them open: each a little larger for the next symbol, then all alike. */
const BASES = [6, 16, 32, 64, 128, 224];
const STEP = 1.5;
const ENOUGH = 2;

/** Sizes with which the program runs; none where it runs with none of those that are tried. */
export function workingSizes(
  { side, weights }: Loaded,
  sources: Sources,
  symbols: readonly string[],
  batch: number,
): readonly ReadonlyMap<string, number>[] {
  if (symbols.length === 0) return [new Map()];
  const [kind] = kindsFor(sources);
  const found: ReadonlyMap<string, number>[] = [];
  for (const base of BASES) {
    const stretched = new Map(symbols.map((symbol, i) => [symbol, i % 2 === 0 ? base : Math.round(base * STEP)]));
    const alike = new Map(symbols.map((symbol) => [symbol, base]));
    const works = [stretched, ...(symbols.length > 1 ? [alike] : [])].find(
      (sizes) => kind !== undefined && runs({ side, weights }, caseOf(sources, kind, batch, sizes)),
    );
    if (works !== undefined) found.push(works);
    if (found.length === ENOUGH) break;
  }
  return found;
}

function runs({ side, weights }: Loaded, of: Case): boolean {
  try {
    side.predict(weights, of.inputs());
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}
