import type { BodyOp, Op, Output, Value } from '../ir/program.ts';
import { showShape, type TensorType } from '../ir/types.ts';
import { type Code, code, comment, join, tensorType, tf } from '../ops/code.ts';
import { opRow } from '../ops/index.ts';
import { lastUses } from '../rewrite/liveness.ts';
import { fillDefaults } from '../schema/build.ts';
import { loop } from './loop.ts';
import { type NameTable, property } from './names.ts';

/** What the emission of function bodies needs to know of a program. */
export class Scope {
  readonly names: NameTable;
  readonly #values: ReadonlyMap<string, Value>;
  /** Values that are properties of `w` (or of `raw`, in the load stage), by the name of that object. */
  readonly #held: ReadonlyMap<string, Code>;
  readonly #classes: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, Value>, names: NameTable, held: ReadonlyMap<string, Code>, classes: ReadonlyMap<string, string>) {
    this.names = names;
    this.#values = values;
    this.#held = held;
    this.#classes = classes;
  }

  typeOf(name: string): TensorType {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`no value ${name}`);
    return value.type;
  }

  isHeld(name: string): boolean {
    return this.#held.has(name);
  }

  /** How a body refers to a value. */
  reference(name: string): Code {
    return this.#held.get(name) ?? this.names.of(name);
  }

  describe(layers: readonly string[]): string {
    return layers
      .map((path) => (this.#classes.has(path) ? `${told(path)} (${told(this.#classes.get(path) ?? '')})` : told(path)))
      .join(' + ');
  }
}

const LONGEST_TOLD = 100;

/** A layer's path as a comment tells it: short, and in quotes where it would make the comment a directive, such as `@ts-expect-error`. */
function told(path: string): string {
  const short = path.length > LONGEST_TOLD ? `${path.slice(0, LONGEST_TOLD)}...` : path;
  return short.startsWith('@') ? JSON.stringify(short) : short;
}

/** A straight line of ops as statements. */
export interface Line<T extends BodyOp = BodyOp> {
  readonly ops: readonly T[];
  /** Tensors handed in that are not the line's own to dispose of. */
  readonly borrowed: ReadonlySet<string>;
  /** Tensors handed in that are the line's own when `owned` is true at run time. */
  readonly lent: ReadonlySet<string>;
  /** Tensors that are still needed behind it. */
  readonly kept: ReadonlySet<string>;
}

/** One statement an op, with its shape beside it, and a disposal behind each last use. */
export function statements(line: Line<Op>, scope: Scope): Code[] {
  return lineOf(line, scope, (op) => (op.body === undefined ? [statement(op, scope)] : loop(op, op.body, scope)));
}

/**
 * As `statements`, with what writes an op.
 * @param under the layers that the line before it was described as
 */
export function lineOf<T extends BodyOp>(
  line: Line<T>,
  scope: Scope,
  emit: (op: T) => readonly Code[],
  under: readonly string[] = [],
): Code[] {
  const lines: Code[] = [];
  const dying = lastUses(line.ops, new Set([...line.borrowed, ...line.kept]));
  let source = scope.describe(under);
  line.ops.forEach((op, i) => {
    const described = scope.describe(op.layers);
    if (described !== source) lines.push(...(lines.length === 0 ? [] : [code``]), comment(described));
    source = described;
    lines.push(...emit(op));
    const own = (dying[i] as readonly string[]).filter((name) => !scope.isHeld(name));
    for (const name of own.filter((name) => !line.lent.has(name))) lines.push(code`${scope.names.of(name)}.dispose();`);
    const lent = own.filter((name) => line.lent.has(name));
    for (const name of lent) lines.push(code`if (owned) ${scope.names.of(name)}.dispose();`);
  });
  return lines;
}

export function statement(op: BodyOp, scope: Scope): Code {
  const row = opRow(op.op);
  if (row?.emit === undefined) throw new Error(`no expression for the op ${op.op}`);
  const expression = row.emit({
    args: op.operands.map((name) => scope.reference(name)),
    attrs: fillDefaults(row.attrs, op.attrs),
    operands: op.operands.map((name) => scope.typeOf(name)),
    results: op.results.map((result) => result.type),
  });
  const shapes = shapesOf(op.results);
  const [first] = op.results;
  if (op.results.length === 1 && first !== undefined) {
    return code`const ${scope.names.of(first.name)}: ${tensorType(first.type.shape.length)} = ${expression}; ${shapes}`;
  }
  const names = op.results.map(({ name }) => scope.names.of(name));
  return code`const [${join(names, ', ')}] = ${expression}; ${shapes}`;
}

/** The types of some values as a comment. */
export const shapesOf = (values: readonly Value[]): Code =>
  comment(values.map(({ type }) => `${type.dtype === 'f32' ? '' : type.dtype}${showShape(type.shape)}`).join(', '));

/**
 * The object a body returns. What is not its own (an input, a weight), and what it returns twice, goes out as a clone, so
 * that the caller owns each tensor exactly once.
 */
export function returned(outputs: readonly Output[], foreign: ReadonlySet<string>, scope: Scope): Code {
  const given = new Set<string>();
  const entries = outputs.map(({ key, value }) => {
    const own = !foreign.has(value) && !scope.isHeld(value) && !given.has(value);
    given.add(value);
    const reference = scope.reference(value);
    if (own && reference.text === key) return reference;
    return code`${property(key)}: ${own ? reference : code`${tf('clone')}(${reference})`}`;
  });
  return code`return { ${join(entries, ', ')} };`;
}

/** A destructuring pattern that takes values from an object under their keys. */
export function pattern(entries: readonly Output[], scope: Scope): Code {
  const parts = entries.map(({ key, value }) => {
    const name = scope.names.of(value);
    return name.text === key ? name : code`${property(key)}: ${name}`;
  });
  return entries.length === 0 ? code`{}` : code`{ ${join(parts, ', ')} }`;
}

/** The type literal of an object that holds values under keys. */
export function literalType(entries: readonly Output[], scope: Scope): Code {
  const parts = entries.map(({ key, value }) => code`${property(key)}: ${tensorType(scope.typeOf(value).shape.length)}`);
  return entries.length === 0 ? code`{}` : code`{ ${join(parts, ', ')} }`;
}
