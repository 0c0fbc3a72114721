import { type Op, type Program, valuesOf } from '../ir/program.ts';
import { costOf } from '../ops/cost.ts';

/**
 * The layer that each op of a program is the work of: the one that was lowered to such an op, where several have been joined. The
 * convolution, and not the batch normalisation in it.
 */
export class Hosts {
  /** By layer, the names of the ops that it was lowered to. */
  readonly #lowered = new Map<string, Set<string>>();

  /** @param lowered the program before all passes */
  constructor(lowered: Program) {
    for (const { op, layers } of lowered.ops) {
      for (const layer of layers) {
        const known = this.#lowered.get(layer);
        if (known === undefined) this.#lowered.set(layer, new Set([op]));
        else known.add(op);
      }
    }
  }

  /** True where something was computed for a layer before anything was rewritten. */
  has(layer: string): boolean {
    return this.#lowered.has(layer);
  }

  /** Of what was rewritten into another op, the first. */
  of({ op, layers }: Op): string {
    return layers.find((layer) => this.#lowered.get(layer)?.has(op)) ?? layers[0] ?? '';
  }

  /** FLOPs by the layer whose work they are, for one sample. */
  flops(program: Program): ReadonlyMap<string, number> {
    const values = valuesOf(program);
    const total = new Map<string, number>();
    for (const op of program.ops) {
      if (op.stage === 'load') continue;
      const cost = costOf(op, (name) => values.get(name)?.type ?? { dtype: 'f32', shape: [] });
      total.set(this.of(op), (total.get(this.of(op)) ?? 0) + cost);
    }
    return total;
  }
}
