import { MASK } from '../ir/program.ts';
import { isKnown } from '../ir/types.ts';
import { tfjsDType } from '../ops/elementwise/cast.ts';
import type { Domain } from './domains.ts';
import type { Held } from './held.ts';
import { type Random, randomOf } from './random.ts';

/** What inputs are filled with; the order is that in which they are tried. */
export const KINDS = [
  'normal',
  'partly masked',
  'zeros',
  'large',
  'uniform 0..1',
  'all masked',
  'negative',
  'states given',
  'pixels 0..255',
  'ones',
  'random ids',
  'first id',
  'last id',
  'no input',
] as const;
export type Kind = (typeof KINDS)[number];

/** One run: what the inputs hold, and their unknown sizes. */
export interface Case {
  readonly kind: string;
  readonly batch: number;
  /** By symbol; empty where all sizes but the batch are known. */
  readonly sizes: ReadonlyMap<string, number>;
  /** By the keys of the inputs. */
  inputs(): ReadonlyMap<string, Held>;
}

export interface Sources {
  readonly domains: readonly Domain[];
  /** What a Masking layer takes for nothing. */
  readonly maskValues: readonly number[];
  /** True where zeros stand for nothing: an Embedding says so. */
  readonly maskZero: boolean;
  readonly seed: number;
}

/** The kinds of inputs that mean something to a program. */
export function kindsFor({ domains, maskValues, maskZero }: Sources): readonly Kind[] {
  if (domains.length === 0) return ['no input'];
  const given = domains.filter(({ input }) => input.fill === undefined);
  const floats = given.filter(({ isExact }) => !isExact);
  const isMasked = maskValues.length > 0 || maskZero || domains.some(isMask);
  const has = (condition: boolean, kinds: readonly Kind[]): readonly Kind[] => (condition ? kinds : []);
  const all = new Set<Kind>([
    ...has(floats.length > 0, ['normal', 'zeros', 'large', 'uniform 0..1', 'negative', 'ones']),
    ...has(
      floats.some(({ input }) => input.type.shape.length === 4),
      ['pixels 0..255'],
    ),
    ...has(floats.length === 0, ['random ids', 'first id', 'last id']),
    ...has(isMasked, ['partly masked', 'all masked']),
    ...has(domains.some(isState), ['states given']),
  ]);
  return KINDS.filter((kind) => all.has(kind));
}

/** Every kind in every batch size and with all sizes, in rounds: the first ones have each kind once. */
export function casesFor(sources: Sources, batches: readonly number[], sizes: readonly ReadonlyMap<string, number>[]): readonly Case[] {
  const kinds = kindsFor(sources);
  const settings = sizes.length === 0 ? [new Map<string, number>()] : sizes;
  const cases: Case[] = [];
  for (let round = 0; round < batches.length * settings.length; round++) {
    for (const [i, kind] of kinds.entries()) {
      const batch = batches[(i + round + 1) % batches.length] as number;
      const setting = settings[(Math.floor(round / batches.length) + i) % settings.length] as ReadonlyMap<string, number>;
      cases.push(caseOf(sources, kind, batch, setting));
    }
  }
  return cases;
}

export const caseOf = (sources: Sources, kind: Kind, batch: number, sizes: ReadonlyMap<string, number>): Case => ({
  kind,
  batch,
  sizes,
  inputs: () =>
    new Map(
      sources.domains.flatMap((domain) => {
        const held = heldFor(sources, domain, kind, batch, sizes);
        return held === null ? [] : [[domain.input.key, held] as const];
      }),
    ),
});

const isMask = ({ input }: Domain): boolean => input.fill === 1 && input.key.endsWith(MASK);
const isState = ({ input }: Domain): boolean => input.fill === 0;

/** What an input holds in a case; null where it is left out. */
function heldFor(sources: Sources, domain: Domain, kind: Kind, batch: number, sizes: ReadonlyMap<string, number>): Held | null {
  const { input } = domain;
  const shape = input.type.shape.map((dim) => {
    if (isKnown(dim)) return dim;
    const [symbol = dim, factor = '1'] = dim.split('*');
    return Number(factor) * (symbol === '?' ? batch : (sizes.get(symbol) ?? 1));
  });
  const random = randomOf(sources.seed, `${kind} ${batch} ${[...sizes.values()].join()} ${input.key}`);
  if (isMask(domain)) return maskFor(kind, shape, random);
  if (isState(domain) && kind !== 'states given') return null;
  const count = shape.reduce((product, size) => product * size, 1);
  const dtype = tfjsDType(input.type.dtype);
  const make = <T>(value: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => value(i));
  if (dtype === 'string') return { dtype, shape, data: make(() => textFor(domain, kind, random)) };
  const nothing = nothingAt(sources, domain, kind, shape, random);
  const value = (i: number): number => nothing?.(i) ?? (dtype === 'bool' ? random.integer(2) : numberFor(domain, kind, random));
  const data =
    dtype === 'float32' ? Float32Array.from(make(value)) : dtype === 'int32' ? Int32Array.from(make(value)) : Uint8Array.from(make(value));
  return { dtype, shape, data };
}

/** A mask is left out, all false, or false here and there. */
function maskFor(kind: Kind, shape: readonly number[], random: Random): Held | null {
  if (kind !== 'all masked' && kind !== 'partly masked') return null;
  const count = shape.reduce((product, size) => product * size, 1);
  return { dtype: 'bool', shape, data: Uint8Array.from({ length: count }, () => (kind === 'all masked' ? 0 : random.integer(2))) };
}

/** What stands for nothing in places that are to be masked; undefined where a place is not. */
function nothingAt(
  { maskValues, maskZero }: Sources,
  { isExact, input }: Domain,
  kind: Kind,
  shape: readonly number[],
  random: Random,
): ((i: number) => number | undefined) | null {
  const value = isExact ? (maskZero ? 0 : undefined) : maskValues[0];
  if (value === undefined || input.fill !== undefined || (kind !== 'all masked' && kind !== 'partly masked')) return null;
  if (kind === 'all masked') return () => value;
  // Whole steps of a sequence, and of each the last half; ids are steps themselves.
  const [samples = 1, steps = 1] = shape;
  const each = shape.slice(2).reduce((product, size) => product * size, 1);
  const hidden = Array.from({ length: samples * steps }, (_, i) => (i % steps) * 2 >= steps || random.integer(4) === 0);
  return (i) => (hidden[Math.floor(i / each)] ? value : undefined);
}

const LARGEST = 1e4;
const SMALLEST_LARGE = 1e3;
const MOST_WHOLE = 10;

function numberFor({ isExact, limit, keys, isClosed }: Domain, kind: Kind, random: Random): number {
  if (isExact) return idFor(limit, keys as readonly number[], isClosed, kind, random);
  switch (kind) {
    case 'zeros':
    case 'first id':
      return 0;
    case 'ones':
    case 'last id':
      return 1;
    case 'uniform 0..1':
      return random.uniform();
    case 'pixels 0..255':
      return random.integer(256);
    case 'negative':
      return -Math.abs(random.normal()) - random.uniform();
    case 'large':
      return Math.sign(random.uniform() - 0.5) * (SMALLEST_LARGE + (LARGEST - SMALLEST_LARGE) * random.uniform());
    default:
      return random.normal();
  }
}

function idFor(limit: number | null, keys: readonly number[], isClosed: boolean, kind: Kind, random: Random): number {
  if (keys.length > 0) {
    const isUnknown = !isClosed && random.integer(4) === 0;
    return isUnknown ? random.integer(1 << 20) : (keys[random.integer(keys.length)] as number);
  }
  const below = Math.max(1, limit ?? MOST_WHOLE);
  if (kind === 'zeros' || kind === 'first id') return 0;
  if (kind === 'ones') return Math.min(1, below - 1);
  if (kind === 'large' || kind === 'last id') return below - 1;
  return random.integer(below);
}

const UNKNOWN = ['', 'unknown to skipc', 'Zwölf', '?!'];
const MOST_WORDS = 6;

/** A word of the vocabulary, a sentence of such, or what is in none. */
function textFor({ keys, isClosed }: Domain, kind: Kind, random: Random): string {
  const words = keys.filter((key) => typeof key === 'string');
  const word = (): string => words[random.integer(words.length)] as string;
  if (words.length === 0) return UNKNOWN[random.integer(UNKNOWN.length)] as string;
  if (kind === 'zeros' || kind === 'first id') return isClosed ? (words[0] as string) : '';
  if (kind === 'last id') return words.at(-1) as string;
  const choice = isClosed ? 0 : random.integer(4);
  if (choice === 1) return UNKNOWN[random.integer(UNKNOWN.length)] as string;
  if (choice === 2) return Array.from({ length: 1 + random.integer(MOST_WORDS) }, word).join(' ');
  return word();
}
