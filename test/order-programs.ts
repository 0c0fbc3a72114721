import type { Op, Program, Weight } from '../src/ir/program.ts';
import { bytes } from '../src/ir/types.ts';

/** Programs over rows of features, written down op by op; names stand without their sigils. The input is called `x`. */
export class Rows {
  readonly #widths = new Map<string, number>();
  readonly #weights: Weight[] = [];
  readonly #ops: Op[] = [];

  constructor(width: number) {
    this.#widths.set('x', width);
  }

  /** A dense layer without a bias; returns its name. */
  dense(name: string, of: string, width: number): string {
    const shape = [this.#width(of), width];
    this.#weights.push({ name: `@${name}`, type: { dtype: 'f32', shape }, layer: name, variable: 'kernel', position: 0, frozen: false });
    return this.#op(name, 'matMul', [`%${of}`, `@${name}`], width);
  }

  concat(name: string, of: readonly string[]): string {
    const width = of.reduce((sum, operand) => sum + this.#width(operand), 0);
    return this.#op(
      name,
      'concat',
      of.map((operand) => `%${operand}`),
      width,
      { axis: 1 },
    );
  }

  add(name: string, a: string, b: string): string {
    return this.#op(name, 'add', [`%${a}`, `%${b}`], this.#width(a));
  }

  /** Results that no op reads. */
  unread(): string[] {
    const read = new Set(this.#ops.flatMap(({ operands }) => operands));
    return [...this.#widths.keys()].filter((name) => name !== 'x' && !read.has(`%${name}`));
  }

  program(outputs: readonly string[]): Program {
    const type = { dtype: 'f32', shape: ['?', this.#width('x')] } as const;
    return {
      name: 'p',
      model: 'm',
      inputs: [{ name: '%x', key: 'x', type }],
      weights: this.#weights,
      ops: this.#ops,
      outputs: outputs.map((name) => ({ key: name, value: `%${name}` })),
      cuts: [],
      features: null,
    };
  }

  #width(name: string): number {
    const width = this.#widths.get(name);
    if (width === undefined) throw new Error(`no row ${name}`);
    return width;
  }

  #op(name: string, op: string, operands: readonly string[], width: number, attrs: Op['attrs'] = {}): string {
    this.#widths.set(name, width);
    const results = [{ name: `%${name}`, type: { dtype: 'f32', shape: ['?', width] } as const }];
    this.#ops.push({ op, operands, attrs, results, stage: 'suffix', layers: [name] });
    return name;
  }
}

/**
 * The least peak of all orders in which a program's ops can run, inputs included, by way of every set of ops that can have run; for
 * programs of few ops, none of which shares data with another.
 */
export function exhaustivePeak({ inputs, ops, outputs }: Program): number {
  const held = inputs.reduce((sum, { type }) => sum + bytes(type), 0);
  const kept = new Set(outputs.map(({ value }) => value));
  const sizeOf = ({ results }: Op): number => results.reduce((sum, { type }) => sum + bytes(type), 0);
  const makers = new Map(ops.flatMap((op, i) => op.results.map(({ name }) => [name, i] as const)));
  const needs = ops.map(({ operands }) => operands.flatMap((name) => makers.get(name) ?? []));
  const has = (set: number, op: number): boolean => ((set >> op) & 1) === 1;
  const isAlive = (set: number, op: Op, i: number): boolean =>
    has(set, i) &&
    (op.results.some(({ name }) => kept.has(name)) || ops.some((_, user) => needs[user]?.includes(i) === true && !has(set, user)));
  const alive = (set: number): number => ops.reduce((sum, op, i) => sum + (isAlive(set, op, i) ? sizeOf(op) : 0), held);
  let least = new Map([[0, held]]);
  for (const _ of ops) {
    const next = new Map<number, number>();
    for (const [set, peak] of least) {
      const now = alive(set);
      ops.forEach((op, i) => {
        if (has(set, i) || needs[i]?.some((needed) => !has(set, needed)) === true) return;
        const after = set | (1 << i);
        next.set(after, Math.min(next.get(after) ?? Infinity, Math.max(peak, now + sizeOf(op))));
      });
    }
    least = next;
  }
  return least.get(2 ** ops.length - 1) ?? held;
}
