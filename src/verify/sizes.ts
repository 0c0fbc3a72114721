import { getBackend, setBackend } from '@tensorflow/tfjs-core';
import { type Case, caseOf, kindsFor, type Sources } from './cases.ts';
import { Failure, type Side } from './side.ts';
import type { Loaded } from './subjects.ts';

/** Sizes that are tried where a model leaves them open: every other symbol has a larger one, or all are alike. */
const BASES = [6, 16, 32, 64, 128, 224];
const STEP = 1.5;

type Sizes = ReadonlyMap<string, number>;

/**
 * Sizes with which a program runs, and twice these; none where it runs with none of those that are tried. They are tried on the cpu
 * backend: an image that a pooling leaves nothing of is an error there, and the end of the wasm backend.
 */
export async function workingSizes(side: Side, sources: Sources, symbols: readonly string[], batch: number): Promise<readonly Sizes[]> {
  if (symbols.length === 0) return [new Map()];
  const backend = getBackend();
  await import('@tensorflow/tfjs-backend-cpu');
  await setBackend('cpu');
  const weights = await side.load();
  try {
    for (const base of BASES) {
      const stretched = (by: number): Sizes => new Map(symbols.map((symbol, i) => [symbol, by * (i % 2 === 0 ? base : base * STEP)]));
      const alike = (by: number): Sizes => new Map(symbols.map((symbol) => [symbol, by * base]));
      for (const sizes of symbols.length > 1 ? [stretched, alike] : [alike]) {
        if (runs({ side, weights }, sources, batch, sizes(1))) return [sizes(1), sizes(2)];
      }
    }
    return [];
  } finally {
    side.module.dispose(weights);
    await setBackend(backend);
  }
}

function runs({ side, weights }: Loaded, sources: Sources, batch: number, sizes: Sizes): boolean {
  const [kind = 'normal'] = kindsFor(sources);
  const of: Case = caseOf(sources, kind, batch, sizes);
  try {
    side.predict(weights, of.inputs(), (value, tensor) => {
      if (tensor.size === 0) throw new Error(`nothing is left of ${value}`);
      return undefined;
    });
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}
