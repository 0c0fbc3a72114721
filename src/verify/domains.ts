import { type BodyOp, type Input, type Op, type Program, valuesOf } from '../ir/program.ts';
import { isKnown } from '../ir/types.ts';

/** What the elements of an input may be. */
export interface Domain {
  readonly input: Input;
  /** Ids are below this, as they name rows of a table; null where they name none. */
  readonly limit: number | null;
  /** True where each number means something by itself: an id, a token, a count. */
  readonly isExact: boolean;
  /** Texts, or integers, that a lookup knows. */
  readonly keys: readonly (string | number)[];
  /** True where the lookup refuses what it does not know. */
  readonly isClosed: boolean;
}

/** Ops whose results hold elements of an operand as they are. */
const CARRIERS: ReadonlySet<string> = new Set(
  'cast reshape transpose slice stridedSlice concat split tile reverse pad unfold standardize splitTexts where scan'.split(' '),
);

/** How far keys are looked at: a vocabulary may have a million. */
const MOST_KEYS = 1000;

interface Found {
  limit: number | null;
  isExact: boolean;
  isClosed: boolean;
  keys: (string | number)[];
}

/** What a program does with its inputs tells what may be in them. */
export function domainsOf(program: Program): readonly Domain[] {
  const found = new Map(program.inputs.map(({ name }) => [name, { limit: null, isExact: false, isClosed: false, keys: [] } as Found]));
  /** The inputs whose elements a value holds. */
  const sources = new Map<string, ReadonlySet<string>>(program.inputs.map(({ name }) => [name, new Set([name])]));
  const values = valuesOf(program);
  const makers = new Map(program.ops.flatMap((op) => op.results.map(({ name }): [string, Op] => [name, op])));
  const each = (name: string | undefined, work: (of: Found) => void): void => {
    for (const source of sources.get(name ?? '') ?? []) work(found.get(source) as Found);
  };
  const limit = (name: string | undefined, below: unknown): void =>
    each(name, (of) => {
      of.isExact = true;
      if (typeof below === 'number') of.limit = Math.min(of.limit ?? below, below);
    });
  const keysOf = (name: string | undefined): readonly (string | number)[] =>
    ((makers.get(name ?? '')?.attrs['values'] ?? []) as readonly (string | number)[]).slice(0, MOST_KEYS);

  const look = (op: BodyOp): void => {
    const [first, second] = op.operands;
    if (op.op === 'gather') limit(second, values.get(first ?? '')?.type.shape[op.attrs['axis'] as number]);
    else if (op.op === 'oneHot' || op.op === 'countAlong') limit(first, op.attrs['depth']);
    else if (op.op === 'wordsAt') limit(first, values.get(second ?? '')?.type.shape[0]);
    else if (op.op === 'hash' || op.op === 'crossHash') for (const name of op.operands) limit(name, null);
    else if (op.op === 'cast' && op.attrs['dtype'] === 'i32') limit(first, null);
    else if (op.op === 'lookup') {
      each(first, (of) => {
        of.isExact = true;
        of.isClosed ||= op.attrs['missing'] === null;
        of.keys.push(...keysOf(second));
      });
    }
    if (!CARRIERS.has(op.op)) return;
    const carried = new Set(op.operands.flatMap((name) => [...(sources.get(name) ?? [])]));
    if (carried.size > 0) for (const { name } of op.results) sources.set(name, carried);
  };
  for (const op of program.ops) {
    op.body?.params.forEach(({ name }, i) => void sources.set(name, sources.get(op.operands[i] ?? '') ?? new Set()));
    op.body?.ops.forEach(look);
    look(op);
  }
  return program.inputs.map((input): Domain => {
    const { limit, isExact, isClosed, keys } = found.get(input.name) as Found;
    return { input, limit, isExact: isExact || input.type.dtype !== 'f32', isClosed, keys };
  });
}

/** Symbols of sizes that are known only when the program runs, the batch aside. */
export function openSizes({ inputs }: Program): readonly string[] {
  const symbols = inputs.flatMap(({ type }) => type.shape.filter((dim): dim is string => !isKnown(dim)));
  return [...new Set(symbols.map((symbol) => symbol.replace(/\*\d+$/, '')))].filter((symbol) => symbol !== '?');
}
