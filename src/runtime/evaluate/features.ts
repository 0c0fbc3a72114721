import { engine, type NamedTensorMap, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { KnownInput } from './data.ts';
import type { FeatureCache } from './feature-cache.ts';
import { type NDArray, numbersIn } from './ndarray.ts';
import { dataIdsOf, hashOfTensors, isSameList, sha256 } from './prefix-key.ts';

/** The part of a program that need not run again for the same inputs. */
export interface EvaluatedPrefix {
  /** The weights as `load` gave them, and those of them that the prefix reads. */
  readonly owner: object;
  readonly weights: readonly Tensor[];
  readonly features: Readonly<Record<string, readonly [dtype: string, shape: readonly (number | string)[], ...unknown[]]>>;
  /** States that it carries from batch to batch. */
  readonly states: readonly string[];
  /** States that only the suffix carries: they are among the features, and nothing of the batch. */
  readonly passed?: readonly string[];
  run(inputs: NamedTensorMap): NamedTensorMap;
  key(): Promise<string>;
}

export interface CacheOptions {
  /**
   * Keeps the features of each batch. `true`: in memory, by the identity of the input tensors (or by `id`), as long as these and the
   * weights live. Else a cache of `skipc/evaluate`, in memory or on disk: its key is a hash of the prefix, its weights, the backend and
   * the data.
   */
  readonly cache?: boolean | FeatureCache | undefined;
  /** What the data is called in the cache, its preprocessing included: one name, one order of batches. Without it a cache reads the inputs. */
  readonly id?: string | undefined;
}

type FeatureArrays = Readonly<Record<string, NDArray>>;

/** Whose features are wanted. */
export interface FeaturesOf {
  readonly name: string;
  readonly samples: number;
  /** Tensors by whose identity memory knows the batch; null where they are made anew each time. */
  readonly known: readonly KnownInput[] | null;
  inputs(): Promise<NamedTensorMap>;
}

interface Remembered {
  readonly ids: readonly object[];
  readonly features: FeatureArrays;
}

const remembered = new WeakMap<object, Map<string, Remembered>>();

/**
 * Gives the features of one batch after the other, which the caller disposes of.
 * @throws Error where they are no function of the inputs
 */
export async function featureReader(whole: EvaluatedPrefix, options: CacheOptions): Promise<(of: FeaturesOf) => Promise<NamedTensorMap>> {
  const { cache, id } = options;
  if (cache === undefined || cache === false) return async ({ inputs }) => whole.run(await inputs());
  if (whole.states.length > 0) {
    const states = whole.states.map((state) => JSON.stringify(state)).join(', ');
    throw new Error(`features cannot be cached: the prefix carries ${states} from batch to batch, so they are no function of its inputs`);
  }
  const prefix = withoutPassed(whole);
  if (cache === true) return (of) => fromMemory(prefix, id, of);
  const about = { weights: await prefix.key(), backend: engine().backendName, data: id ?? 'by content' };
  const set = await sha256([JSON.stringify(about)]);
  return async ({ name, samples, inputs }) => {
    const given = id === undefined ? await inputs() : undefined;
    const key = { set, batch: given === undefined ? name : await hashOfTensors(given), about };
    const kept = await cache.read(key);
    if (kept !== null && fits(kept, prefix, samples)) return tensorsOf(kept);
    return computed(prefix, given ?? (await inputs()), (features) => cache.write(key, features));
  };
}

/** The prefix without the states that pass by it. */
function withoutPassed(prefix: EvaluatedPrefix): EvaluatedPrefix {
  const passed = new Set(prefix.passed);
  return {
    ...prefix,
    features: Object.fromEntries(Object.entries(prefix.features).filter(([name]) => !passed.has(name))),
    run(inputs) {
      const given = Object.keys(inputs).find((name) => passed.has(name));
      if (given !== undefined) throw new Error(`features cannot be cached where the data gives the state ${JSON.stringify(given)}`);
      const features = Object.entries(prefix.run(inputs));
      for (const [name, state] of features) if (passed.has(name)) state.dispose();
      return Object.fromEntries(features.filter(([name]) => !passed.has(name)));
    },
  };
}

async function fromMemory(prefix: EvaluatedPrefix, id: string | undefined, of: FeaturesOf): Promise<NamedTensorMap> {
  const { name, samples, known, inputs } = of;
  const owner = id === undefined ? known?.[0]?.[1].dataId : prefix.owner;
  if (owner === undefined) throw new Error('cache: true knows tensors again, not what is made anew for each batch: give the data an id');
  const batches = remembered.get(owner) ?? new Map<string, Remembered>();
  remembered.set(owner, batches);
  const given = id === undefined ? (known ?? []) : [];
  const ids = dataIdsOf([...prefix.weights, ...given.map(([, tensor]) => tensor)]);
  // The same tensors may be given as other inputs.
  const place = JSON.stringify([engine().backendName, id ?? given.map(([input]) => input), name]);
  const before = batches.get(place);
  if (before !== undefined && isSameList(before.ids, ids) && fits(before.features, prefix, samples)) return tensorsOf(before.features);
  return computed(prefix, await inputs(), async (features) => void batches.set(place, { ids, features }));
}

/** FeatureArrays that are kept, unless that fails. */
async function computed(
  prefix: EvaluatedPrefix,
  inputs: NamedTensorMap,
  keep: (features: FeatureArrays) => Promise<void>,
): Promise<NamedTensorMap> {
  const features = prefix.run(inputs);
  try {
    await keep(await arraysOf(features));
    return features;
  } catch (error) {
    for (const feature of Object.values(features)) feature.dispose();
    throw error;
  }
}

/** True for features as the prefix gives them for so many samples: a cache may hold anything. */
function fits(features: FeatureArrays, prefix: EvaluatedPrefix, samples: number): boolean {
  const names = Object.keys(prefix.features);
  return (
    Object.keys(features).length === names.length &&
    names.every((name) => {
      const [dtype, shape] = prefix.features[name] ?? ['', []];
      const found = Object.hasOwn(features, name) ? features[name] : undefined;
      return (
        found?.dtype === dtype &&
        found.shape.length === shape.length &&
        shape.every((size, axis) => found.shape[axis] === (size === '?' ? samples : size) || (typeof size === 'string' && size !== '?'))
      );
    })
  );
}

const tensorsOf = (features: FeatureArrays): NamedTensorMap =>
  Object.fromEntries(Object.entries(features).map(([name, { data, shape, dtype }]) => [name, tensor(data, [...shape], dtype)]));

async function arraysOf(features: NamedTensorMap): Promise<FeatureArrays> {
  return Object.fromEntries(
    await Promise.all(Object.entries(features).map(async ([name, feature]) => [name, await numbersIn(feature)] as const)),
  );
}
