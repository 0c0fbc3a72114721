import { toJson } from '../eval/numbers.ts';
import type { Case } from './cases.ts';
import type { Held } from './held.ts';
import { agrees, type Match, type Mismatch } from './match.ts';
import type { Check } from './report.ts';
import type { Failure } from './side.ts';

/** The first thing that was not as it is to be, and in which case. */
export interface Trouble {
  readonly case: Case | null;
  readonly inputs: ReadonlyMap<string, Held> | null;
  readonly mismatch: Mismatch | null;
  readonly failure: Failure | null;
}

/** Counts comparisons with one reference, a row for each kind of inputs, and keeps the mismatch that is the earliest in the program. */
export class Tally {
  readonly #against: string;
  readonly #order: (value: string) => number;
  readonly #rows = new Map<string, { batches: Set<number>; matches: Match[] }>();
  #first: Trouble | null = null;
  #rank = Number.POSITIVE_INFINITY;
  #example: Trouble['inputs'] = null;

  /** @param order of values in the program */
  constructor(against: string, order: (value: string) => number) {
    this.#against = against;
    this.#order = order;
  }

  add(label: string, batch: number | null, about: Pick<Trouble, 'case' | 'inputs'>, match: Match): void {
    const row = this.#rows.get(label) ?? { batches: new Set(), matches: [] };
    this.#rows.set(label, row);
    if (batch !== null) row.batches.add(batch);
    row.matches.push(match);
    const ranked = match.mismatches.map((mismatch) => ({
      mismatch,
      rank: mismatch.isOutput ? Number.MAX_SAFE_INTEGER : this.#order(mismatch.value),
    }));
    const [earliest] = ranked.sort((a, b) => a.rank - b.rank);
    const rank = earliest?.rank ?? (match.failure === null ? Number.POSITIVE_INFINITY : Number.MAX_VALUE);
    if (rank < Number.POSITIVE_INFINITY) this.#example ??= about.inputs;
    if (rank >= this.#rank) return;
    this.#rank = rank;
    this.#first = { ...about, mismatch: earliest?.mismatch ?? null, failure: match.failure };
  }

  /** Null where all agrees. */
  get first(): Trouble | null {
    return this.#first;
  }

  /** Inputs of some case that differs. */
  get example(): Trouble['inputs'] {
    return this.#example;
  }

  get checks(): Check[] {
    return [...this.#rows].map(([inputs, { batches, matches }]) => {
      const worst = matches.flatMap(({ worst }) => worst ?? []).sort((a, b) => b.error / (b.allowed || 1) - a.error / (a.allowed || 1))[0];
      return {
        against: this.#against,
        inputs,
        batches: [...batches].sort((a, b) => a - b),
        values: Math.max(0, ...matches.map(({ compared }) => compared)),
        error: toJson(worst?.error ?? 0),
        allowed: toJson(worst?.allowed ?? 0),
        at: worst?.value ?? null,
        ties: matches.reduce((sum, { ties }) => sum + ties, 0),
        agrees: matches.every(agrees),
      };
    });
  }
}
