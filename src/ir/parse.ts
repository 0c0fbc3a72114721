import { fail } from '../diagnostics/error.ts';
import {
  type Attrs,
  type AttrValue,
  type Binding,
  type BodyOp,
  DEEPEST_LIST,
  type Feature,
  HASH,
  type Input,
  type Op,
  type Output,
  type Program,
  type Stage,
  type Value,
  type Weight,
} from './program.ts';
import type { Dim, DType, TensorType } from './types.ts';

const STAGES: ReadonlySet<string> = new Set(['load', 'prefix', 'suffix']);
const DTYPES: ReadonlySet<string> = new Set(['f32', 'i32', 'bool', 'str']);

/**
 * Reads the text of a program: its form alone, which `verify` goes on from.
 * @throws SkipcError `ir-syntax` naming line and column
 */
export function parse(text: string): Program {
  const inputs: Input[] = [];
  const weights: Weight[] = [];
  const ops: Op[] = [];
  const outputs: Output[] = [];
  const features: Feature[] = [];
  const cuts: Feature[] = [];
  let head: { name: string; model: string } | undefined;
  let stage: Stage = 'suffix';
  /** The body whose `yield` is still to come. */
  let step: { readonly params: readonly Value[]; readonly ops: BodyOp[] } | undefined;

  const bodyLine = (cursor: Cursor, line: string): void => {
    if (step === undefined) {
      cursor.expect('step');
      step = { params: cursor.values(), ops: [] };
    } else if (!line.startsWith('    ')) cursor.wrong('"yield"');
    else if (cursor.take('yield')) {
      const body = { ...step, yields: cursor.names() };
      ops.push({ ...(ops.pop() as Op), body });
      step = undefined;
    } else {
      step.ops.push(cursor.op());
      return;
    }
    cursor.end();
  };

  const lines = text.split(/\r?\n/);
  lines.forEach((line, i) => {
    const cursor = new Cursor(line, i + 1);
    if (step !== undefined || (line.startsWith('    ') && ops.length > 0)) {
      bodyLine(cursor, line);
      return;
    }
    if (i === 0) {
      cursor.expect('skipc-ir');
      cursor.expect('1');
    } else if (head === undefined) {
      if (line === '') return;
      cursor.expect('program');
      const name = cursor.bare();
      cursor.expect('of');
      head = { name, model: cursor.bare() };
    } else if (cursor.take('input')) {
      const value = cursor.typed('%');
      inputs.push({ ...value, key: cursor.take('as') ? cursor.bare() : value.name.slice(1), ...cursor.fill() });
    } else if (cursor.take('weight')) {
      const value = cursor.typed('@');
      const slash = value.name.lastIndexOf('/');
      const named = cursor.take('=')
        ? { layer: cursor.bare(), variable: cursor.bare() }
        : { layer: value.name.slice(1, slash), variable: value.name.slice(slash + 1) };
      cursor.expect('#');
      weights.push({
        ...value,
        ...named,
        position: cursor.size() ?? cursor.wrong('the position among the weights of the layer'),
        frozen: cursor.take('frozen'),
        ...cursor.hash(),
      });
    } else if (cursor.take('feature')) features.push({ ...cursor.binding(), ...cursor.fill() });
    else if (cursor.take('cut')) cuts.push({ ...cursor.binding(), ...cursor.fill() });
    else if (cursor.take('output')) outputs.push({ ...cursor.binding(), ...cursor.only() });
    else if (STAGES.has(line)) stage = line as Stage;
    else if (line.startsWith('  ')) {
      ops.push({ ...cursor.op(), stage });
      return;
    } else if (line !== '') cursor.wrong('a declaration, a stage or an op');
    if (!STAGES.has(line)) cursor.end();
  });
  if (step !== undefined) return new Cursor('', lines.length).wrong('"yield"');
  if (head === undefined) return new Cursor('', lines.length).wrong('"program"');
  return { ...head, inputs, weights, ops, outputs, cuts, features: features.length > 0 ? features : null };
}

const SPACE = /[ \t]*/y;
/** Colons stand inside a name only: in a declaration, one behind it ends it. */
const NAME = /[A-Za-z0-9_./@~+-]+(?::[A-Za-z0-9_./@~+-]+)*/y;
/** What JavaScript writes for a number; with a letter behind it, it is none. */
const NUMBER = /(?:-?(?:Infinity|\d+(?:\.\d+)?(?:e[+-]?\d+)?)|NaN)(?![A-Za-z0-9_])/y;
const SIZE = /\d+(?:e\+\d+)?(?![A-Za-z0-9_])/y;
const SYMBOL = /\?[A-Za-z0-9_./@~+-]*/y;
const FACTOR = /\*(?:[1-9]\d+|[02-9])(?!\d)/y;
const WORD = /[A-Za-z][A-Za-z0-9_]*/y;
const HEX = new RegExp(`${HASH}(?![A-Za-z0-9_])`, 'y');

class Cursor {
  readonly #line: string;
  readonly #number: number;
  #at = 0;

  constructor(line: string, number: number) {
    this.#line = line;
    this.#number = number;
  }

  wrong(expected: string): never {
    fail('ir-syntax', { line: this.#number, column: this.#skip() + 1, expected, found: this.#line.slice(this.#at, this.#at + 20) });
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#skip();
    const found = pattern.exec(this.#line)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  take(token: string): boolean {
    const before = this.#at;
    const found = /^[a-z]/.test(token) ? this.#match(NAME) : this.#line.startsWith(token, this.#skip()) ? token : undefined;
    if (found === token) {
      if (!/^[a-z]/.test(token)) this.#at += token.length;
      return true;
    }
    this.#at = before;
    return false;
  }

  #skip(): number {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#line)?.[0].length ?? 0;
    return this.#at;
  }

  expect(token: string): void {
    if (!this.take(token)) this.wrong(JSON.stringify(token));
  }

  end(): void {
    if (this.#skip() < this.#line.length) this.wrong('the end of the line');
  }

  #quoted(): string | undefined {
    const start = this.#skip();
    if (this.#line[start] !== '"') return undefined;
    let end = start + 1;
    while (end < this.#line.length && this.#line[end] !== '"') end += this.#line[end] === '\\' ? 2 : 1;
    try {
      const text = JSON.parse(this.#line.slice(start, end + 1)) as string;
      this.#at = end + 1;
      return text;
    } catch {
      return this.wrong('a string');
    }
  }

  bare(): string {
    return this.#quoted() ?? this.#match(NAME) ?? this.wrong('a name');
  }

  name(sigils: string): string {
    const sigil = this.#match(/[%@]/y);
    if (sigil === undefined || !sigils.includes(sigil)) return this.wrong(`a name that starts with ${[...sigils].join(' or ')}`);
    return sigil + (this.#quoted() ?? this.#match(NAME) ?? this.wrong('a name'));
  }

  /** Who alone reads an output. */
  only(): Pick<Output, 'only'> {
    if (!this.take('for')) return {};
    this.expect('evaluate');
    return { only: 'evaluate' };
  }

  binding(): Binding {
    const key = this.bare();
    this.expect('=');
    return { key, value: this.name('%@') };
  }

  typed(sigils: string): Value {
    const name = this.name(sigils);
    this.expect(':');
    return { name, type: this.type() };
  }

  type(): TensorType {
    const dtype = this.#match(WORD);
    if (dtype === undefined || !DTYPES.has(dtype)) return this.wrong('f32, i32, bool or str');
    return { dtype: dtype as DType, shape: this.list(() => this.dim()) };
  }

  size(): number | undefined {
    const size = this.#match(SIZE);
    return size === undefined ? undefined : Number(size);
  }

  dim(): Dim {
    const size = this.size();
    if (size !== undefined) return size;
    const symbol = this.#match(SYMBOL) ?? this.wrong('a size or a symbol');
    const name = symbol === '?' && this.#line[this.#at] === '"' ? this.#quoted() : symbol.slice(1);
    return `?${name}${this.#match(FACTOR) ?? ''}`;
  }

  list<T>(item: () => T): T[] {
    this.expect('[');
    const items: T[] = [];
    if (this.take(']')) return items;
    do items.push(item());
    while (this.take(','));
    this.expect(']');
    return items;
  }

  attr(depth = 0): AttrValue {
    if (this.#line[this.#skip()] === '[') {
      if (depth === DEEPEST_LIST) this.wrong(`no more than ${DEEPEST_LIST} lists, one in the other`);
      return this.list(() => this.attr(depth + 1));
    }
    if (this.#line[this.#at] === '?') return this.dim();
    const quoted = this.#quoted();
    if (quoted !== undefined) return quoted;
    const number = this.#match(NUMBER);
    if (number !== undefined) return Number(number);
    const word = this.#match(WORD) ?? this.wrong('a value');
    return word === 'true' ? true : word === 'false' ? false : word === 'null' ? null : word;
  }

  attrs(): Attrs {
    const attrs: Record<string, AttrValue> = Object.create(null) as Record<string, AttrValue>;
    if (!this.take('{')) return {};
    do {
      const start = this.#skip();
      const name = this.#match(WORD) ?? this.wrong('an attribute');
      if (Object.hasOwn(attrs, name)) {
        this.#at = start;
        this.wrong('an attribute that has no value yet');
      }
      this.expect('=');
      attrs[name] = this.attr();
    } while (this.take(','));
    this.expect('}');
    return { ...attrs };
  }

  fill(): { fill?: number } {
    if (!this.take('fill')) return {};
    return { fill: this.size() ?? this.wrong('0 or 1') };
  }

  hash(): { hash?: string } {
    if (!this.take('sha256')) return {};
    this.expect('=');
    return { hash: this.#match(HEX) ?? this.wrong('16 hex digits') };
  }

  names(): string[] {
    const names = [this.name('%@')];
    while (this.take(',')) names.push(this.name('%@'));
    return names;
  }

  values(): Value[] {
    const values = [this.typed('%')];
    while (this.take(',')) values.push(this.typed('%'));
    return values;
  }

  op(): BodyOp {
    const results = this.values();
    this.expect('=');
    const op = this.#match(WORD) ?? this.wrong('an op');
    const operands = /[%@]/.test(this.#line[this.#skip()] ?? '') ? this.names() : [];
    const attrs = this.attrs();
    this.expect(';');
    const layers = [this.bare()];
    while (this.take('+')) layers.push(this.bare());
    this.end();
    return { op, operands, attrs, results, layers };
  }
}
