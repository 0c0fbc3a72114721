import type { Op, Program } from '../../ir/program.ts';
import { valuesOf } from '../../ir/program.ts';
import { elements, type Shape } from '../../ir/types.ts';
import type { Hoist } from '../hoist.ts';
import { broadcasts, inverse, isIdentity, movesNothing, type Perm, turnOf, turnsForFree } from './layout-axes.ts';

/** A program with more orders of axes than these is looked at in its most frequent ones. */
const MOST_PERMS = 8;

/** A transpose of so small a part of its operand is not worth keeping a large one for. */
const SMALL_PART = 4;

/**
 * Where transposes lead to. A transpose that has several uses is worth computing before any of them only where all of these do without it
 * in the end; that is known by looking from the end of the program.
 */
export class Flow {
  readonly #program: Program;
  readonly #consumers = new Map<string, Op[]>();
  readonly #returned: ReadonlySet<string>;
  readonly #fixed: ReadonlySet<string>;
  /** Values that depend on inputs and frozen weights alone: what runs once for each input when frozen layers are hoisted. */
  readonly #frozen: ReadonlySet<string>;
  readonly #shapes: ReadonlyMap<string, Shape>;
  /** By perm: values that need not be turned, as all that uses them takes them otherwise. */
  readonly #absorbed = new Map<string, ReadonlySet<string>>();

  constructor(program: Program, hoist: Hoist) {
    this.#program = program;
    this.#shapes = new Map([...valuesOf(program)].map(([name, { type }]) => [name, type.shape]));
    this.#returned = new Set([...program.outputs, ...program.cuts].map(({ value }) => value));
    const weights = program.weights.map(({ name }) => name);
    this.#fixed = madeOf(program, weights);
    const frozen = program.weights.flatMap(({ name, frozen }) => (frozen ? [name] : []));
    this.#frozen = hoist === 'auto' ? madeOf(program, [...program.inputs.map(({ name }) => name), ...frozen]) : new Set();
    for (const op of program.ops) {
      for (const name of new Set(op.operands)) {
        const known = this.#consumers.get(name);
        if (known === undefined) this.#consumers.set(name, [op]);
        else known.push(op);
      }
    }
    const counts = new Map<string, number>();
    for (const op of program.ops) {
      if (!this.#turns(op)) continue;
      const key = String(op.attrs['perm']);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const perms = [...counts].sort(([, a], [, b]) => b - a).slice(0, MOST_PERMS);
    for (const [key] of perms) this.#absorbed.set(key, this.#absorbedBy(key.split(',').map(Number)));
  }

  /** True where nothing is lost when a value is computed with its axes unturned, as its uses do without the transpose. */
  absorbs(value: string, perm: Perm): boolean {
    return isIdentity(perm) || (this.#absorbed.get(perm.join())?.has(value) ?? false);
  }

  /** True where a transpose that frozen layers make would be made anew for each evaluation, behind what training changes. */
  leavesFrozen(from: string, to: string): boolean {
    return this.#frozen.has(from) && !this.#frozen.has(to);
  }

  #turns({ op, operands }: Op): boolean {
    return op === 'transpose' && !this.#fixed.has(operands[0] as string);
  }

  /** Values that are, or can be made, transposes by `perm` of others. */
  #turnedBy(perm: Perm): ReadonlySet<string> {
    const turned = new Set<string>();
    for (const op of this.#program.ops) {
      const fits = this.#turns(op)
        ? String(op.attrs['perm']) === perm.join()
        : op.operands.some((name) => turned.has(name)) &&
          op.operands.every((name) => turned.has(name) || this.#isTurnable(name, op, perm)) &&
          turnOf(op, perm)?.perm.join() === perm.join();
      if (fits) for (const { name } of op.results) turned.add(name);
    }
    return turned;
  }

  /** True for an operand that is turned at once, or when weights are loaded. */
  #isTurnable(name: string, op: Op, perm: Perm): boolean {
    const shape = this.#shapes.get(name) ?? [];
    return shape.length <= perm.length && (this.#fixed.has(name) || (broadcasts(op.op) && turnsForFree(shape, inverse(perm))));
  }

  #absorbedBy(perm: Perm): ReadonlySet<string> {
    const turned = this.#turnedBy(perm);
    const absorbed = new Set<string>();
    const absorbs = (value: string, use: Op): boolean => {
      // It becomes one with the transpose that is there.
      if (use.op === 'transpose') return true;
      const turn = use.operands.every((name) => turned.has(name) || this.#isTurnable(name, use, perm)) ? turnOf(use, perm) : null;
      if (turn === null) return false;
      if (isIdentity(turn.perm)) return true;
      if (turn.perm.join() === perm.join() && use.results.every(({ name }) => absorbed.has(name))) return true;
      const size = use.results.reduce((sum, { type }) => sum + elements(type.shape), 0);
      return size * SMALL_PART <= elements(this.#shapes.get(value) ?? []);
    };
    for (const op of this.#program.ops.toReversed()) {
      for (const { name, type } of op.results) {
        const uses = type.shape.length === perm.length && turned.has(name) ? (this.#consumers.get(name) ?? []) : [];
        const isKept = this.#returned.has(name) || uses.some((use) => !absorbs(name, use));
        // One transpose for those that need it, in place of another that would be needed.
        const replaces = uses.some((use) => use.op === 'transpose' && inverse(use.attrs['perm'] as Perm).join() === perm.join());
        if (uses.length > 0 && (!isKept || replaces)) absorbed.add(name);
      }
    }
    return absorbed;
  }
}

/** The names given, and the values that depend on nothing else. */
function madeOf(program: Program, names: readonly string[]): ReadonlySet<string> {
  const made = new Set(names);
  for (const { operands, results } of program.ops) {
    if (operands.every((name) => made.has(name))) for (const { name } of results) made.add(name);
  }
  return made;
}

/** How many elements, of one sample, a program's transposes move when it runs. */
export function elementsMoved(program: Program): number {
  const fixed = madeOf(
    program,
    program.weights.map(({ name }) => name),
  );
  return program.ops.reduce((sum, { op, operands, results, attrs }) => {
    const shape = results[0]?.type.shape ?? [];
    const moves = op === 'transpose' && !fixed.has(operands[0] as string);
    return moves && !movesNothing(shape, inverse(attrs['perm'] as Perm)) ? sum + elements(shape) : sum;
  }, 0);
}
