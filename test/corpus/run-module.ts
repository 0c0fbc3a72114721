import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Compiled } from '../../src/compile.ts';
import { Difference } from './suite.ts';

/** A tensor's shape and its elements in row-major order. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number> & Iterable<number> & { entries(): IterableIterator<[number, number]> };
  /** As numpy calls it; floats unless it says otherwise. */
  readonly dtype?: string;
}

/** A state of a stateful layer: an input of the module, and an output of the same name. */
const STATE = /:state\d+$/;

/** @param dtype as numpy calls it: all floats are float32 for tfjs, all integers int32 */
export function tensorOf({ shape, values, dtype = 'float32' }: Values): Tensor {
  const kind = /^u?int/.test(dtype) ? 'int32' : dtype === 'bool' ? 'bool' : 'float32';
  const data = kind === 'float32' ? Float32Array.from(values) : kind === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);
  return tf.tensor(data, [...shape], kind);
}

/**
 * What a compiled model gives, in the order of its outputs, and nothing else is left of it.
 * @param weights tensors by the model's names for them, or null for those of its own file
 * @param given the model's inputs in its own order; those that have a name are taken by that where all do
 * @param calls how often it is called, its states carried from one call to the next; the last one's outputs count
 * @throws Difference where tensors are left behind
 */
export async function runModule(
  compiled: Compiled,
  weights: ReadonlyMap<string, Values> | null,
  given: readonly (Values & { readonly name?: string })[],
  calls = 1,
): Promise<readonly Values[]> {
  const module = await compiled.instantiate();
  // Whatever an error leaves behind goes with the scope.
  tf.engine().startScope();
  try {
    const source = weights === null ? undefined : tensorsOf(weights);
    const w = await module.load(source);
    tf.dispose(source ?? {});
    try {
      const inputs = inputsOf(compiled, given);
      let states: NamedTensorMap = {};
      for (let call = 1; ; call++) {
        const tensors = tensorsOf(inputs);
        const before = tf.memory().numTensors;
        const result = module.predict(w, { ...tensors, ...states });
        const left = tf.memory().numTensors - before - Object.keys(result).length;
        if (left !== 0) throw new Difference(`${left} tensors left behind`);
        if (call === calls) return outputsOf(compiled, result);
        states = Object.fromEntries(Object.entries(result).filter(([key]) => STATE.test(key)));
      }
    } finally {
      module.dispose(w);
    }
  } finally {
    tf.engine().endScope();
  }
}

const tensorsOf = (arrays: ReadonlyMap<string, Values>): NamedTensorMap =>
  Object.fromEntries([...arrays].map(([name, array]) => [name, tensorOf(array)]));

function inputsOf(compiled: Compiled, given: readonly (Values & { readonly name?: string })[]): ReadonlyMap<string, Values> {
  const wanted = new Set(compiled.summary.inputs.map(({ key }) => key));
  const all = compiled.analysis.model.graph.inputs;
  const named = new Map(given.flatMap((array) => (array.name === undefined ? [] : [[array.name, array] as const])));
  const byName = all.every(({ name }) => named.has(name));
  const inputs = new Map<string, Values>();
  all.forEach(({ key, name }, i) => {
    const array = byName ? named.get(name) : given[i];
    if (array !== undefined && wanted.has(key)) inputs.set(key, array);
  });
  return inputs;
}

/** The model's outputs; states are no part of them. */
function outputsOf(compiled: Compiled, result: NamedTensorMap): readonly Values[] {
  return compiled.analysis.selected.outputs.map(({ key }) => {
    const tensor = result[key];
    if (tensor === undefined) throw new Difference(`there is no output ${key}`);
    return { shape: tensor.shape, values: tensor.dataSync() as Float32Array, dtype: tensor.dtype };
  });
}
