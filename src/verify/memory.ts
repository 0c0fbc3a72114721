import { memory, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import type { Site } from '../emit/sites.ts';
import { type Held, withTensors } from './held.ts';
import { Failure, type Side } from './side.ts';
import type { Loaded } from './subjects.ts';

/** A tensor that outlives its use, or does not live as long as it is to. */
export interface Trouble {
  readonly what: string;
  /** The value that it is about, by its name in the program. */
  readonly value: string | null;
  /** Where it is computed, or first missing. */
  readonly site: Site | null;
}

/**
 * What a module does with tensors: `predict` and `prefix` leave what they return and nothing else, inputs and weights stay alive, also
 * where an op fails, and `dispose` frees the weights.
 */
export async function memoryTroubles(side: Side, inputs: ReadonlyMap<string, Held>): Promise<readonly Trouble[]> {
  const { module, program } = side;
  const troubles: Trouble[] = [];
  const before = memory().numTensors;
  const weights = await side.load();
  const held = new Set(Object.values(weights)).size;
  const loaded = memory().numTensors - before;
  if (loaded !== held) troubles.push({ what: `load leaves ${count(loaded)} for ${held} weights`, value: null, site: null });

  const keys = new Set(program.inputs.map(({ key }) => key));
  withTensors(new Map([...inputs].filter(([key]) => keys.has(key))), (tensors) => {
    troubles.push(...callTroubles(side, weights, tensors, 'predict', () => module.predict(weights, tensors)));
    const { prefix, suffix } = module;
    if (prefix === undefined || suffix === undefined || troubles.length > 0) return;
    troubles.push(...callTroubles(side, weights, tensors, 'prefix', () => prefix(weights, tensors)));
    const features = prefix(weights, tensors);
    troubles.push(...callTroubles(side, weights, { ...tensors, ...features }, 'suffix', () => suffix(weights, features)));
    for (const feature of Object.values(features)) feature.dispose();
  });

  const remaining = memory().numTensors;
  module.dispose(weights);
  const freed = remaining - memory().numTensors;
  if (troubles.length === 0 && freed !== held)
    troubles.push({ what: `dispose frees ${freed} of ${held} weights`, value: null, site: null });
  return troubles;
}

const MOST_LOOKS = 1e6;

const count = (tensors: number): string => `${tensors} ${tensors === 1 ? 'tensor' : 'tensors'}`;

/** What one call does. */
function callTroubles(side: Side, weights: NamedTensorMap, given: NamedTensorMap, name: string, call: () => NamedTensorMap): Trouble[] {
  const before = memory().numTensors;
  const made = new Map<string, { readonly tensor: Tensor; readonly site: Site }>();
  const lost: Trouble[] = [];
  const isMissed = (site: Site): void => {
    for (const [what, all] of [
      ['weight', weights],
      ['tensor that was handed in,', given],
    ] as const) {
      for (const [key, tensor] of Object.entries(all)) {
        if (!tensor.isDisposed || lost.some(({ value }) => value === key)) continue;
        lost.push({ what: `${name} disposes of the ${what} ${JSON.stringify(key)}`, value: side.nameOf(key) ?? key, site });
      }
    }
  };
  let outputs: NamedTensorMap;
  try {
    // Of a program with very many of both, what is lost is looked for at the end alone.
    const isLarge = side.traced.sites.length * Object.keys(weights).length > MOST_LOOKS;
    outputs = side.watched((value, tensor, site) => {
      if (!isLarge) isMissed(site);
      made.set(value, { tensor, site });
      return undefined;
    }, call);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // The comparison of values tells of it, unless it is for something that was lost before.
    return lost;
  }
  const [last] = [...made.values()].slice(-1);
  if (last !== undefined) isMissed(last.site);
  const troubles = lost;
  const returned = Object.entries(outputs);
  const distinct = new Set(returned.map(([, tensor]) => tensor));
  for (const [key, tensor] of returned) {
    if (tensor.isDisposed)
      troubles.push({ what: `${name} returns ${JSON.stringify(key)} as a tensor that is disposed`, value: key, site: null });
  }
  if (distinct.size < returned.length) troubles.push({ what: `${name} returns one tensor under two names`, value: null, site: null });
  const grown = memory().numTensors - before;
  if (troubles.length === 0 && grown !== returned.length) {
    const kept = [...made].find(([, { tensor }]) => !tensor.isDisposed && !distinct.has(tensor));
    const what = `${name} leaves ${count(grown)} behind, and returns ${returned.length}`;
    troubles.push({
      what: kept === undefined ? what : `${what}: ${kept[0]} is not freed`,
      value: kept?.[0] ?? null,
      site: kept?.[1].site ?? null,
    });
  }
  for (const tensor of distinct) if (!tensor.isDisposed) tensor.dispose();
  for (const { tensor } of made.values()) if (!tensor.isDisposed && !isIn(weights, tensor) && !isIn(given, tensor)) tensor.dispose();
  if (troubles.length > 0) return troubles;

  const middle = [...made.values()][made.size >> 1]?.site;
  if (middle === undefined) return [];
  try {
    side.watched((_, tensor, site) => {
      if (site === middle) throw new Error('stopped by skipc verify');
      return void tensor;
    }, call);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  const left = memory().numTensors - before;
  return left === 0 ? [] : [{ what: `${name} leaves ${count(left)} behind where an op fails`, value: null, site: middle }];
}

const isIn = (all: NamedTensorMap, tensor: Tensor): boolean => Object.values(all).includes(tensor);

/**
 * The first value that a module still holds where another module of the same program has disposed of it: what it needs at its peak is
 * more than it has to be. Null where there is none.
 */
export function lateDisposal(subject: Loaded, other: Loaded, inputs: ReadonlyMap<string, Held>): Trouble | null {
  const { side } = subject;
  const [found, expected] = [aliveAt(subject, inputs), aliveAt(other, inputs)];
  for (const [i, { site, alive }] of found.entries()) {
    const there = expected[i];
    if (there === undefined || there.site.identifiers.join() !== site.identifiers.join()) return null;
    const late = [...alive].find((value) => !there.alive.has(value));
    if (late === undefined) continue;
    const made = side.traced.sites.find(({ identifiers }) => identifiers.some((each) => side.nameOf(each) === late));
    return { what: `${late} is held longer than it is used`, value: late, site: made ?? site };
  }
  return null;
}

/** Which values are alive as each statement runs, up to one that fails. */
function aliveAt(
  { side, weights }: Loaded,
  inputs: ReadonlyMap<string, Held>,
): { readonly site: Site; readonly alive: ReadonlySet<string> }[] {
  const steps: { site: Site; alive: ReadonlySet<string> }[] = [];
  const living = new Map<string, Tensor>();
  try {
    side.predict(weights, inputs, (value, tensor, site) => {
      for (const [name, { isDisposed }] of living) if (isDisposed) living.delete(name);
      steps.push({ site, alive: new Set(living.keys()) });
      living.set(value, tensor);
      return undefined;
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  return steps;
}
