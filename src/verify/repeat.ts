import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import { compare } from './compare.ts';
import type { Expectation } from './expectation.ts';
import { type Held, heldIn, withTensors } from './held.ts';
import { Failure, type Side } from './side.ts';

/** Something that is to give the same as `predict` and does not. */
export interface Odd {
  readonly what: string;
  readonly output: string | null;
}

/** `predict` again, and where the program is cut, the suffix of the prefix, and the suffix again of the same features. */
export function repeatCase(side: Side, weights: NamedTensorMap, inputs: ReadonlyMap<string, Held>, expected: Expectation): readonly Odd[] {
  const { module, program } = side;
  const { prefix, suffix } = module;
  const first = again('predict', () => side.predict(weights, inputs));
  if ('what' in first) return [first];
  const second = again('predict', () => side.predict(weights, inputs));
  if ('what' in second) return [second];
  const odd = (what: string, found: ReadonlyMap<string, Held>): Odd[] =>
    [...first].flatMap(([key, held]) => {
      const again = found.get(key);
      const allowance = expected.outputs.get(key)?.allowance ?? { absolute: 0, unstable: null };
      return again !== undefined && compare(again, held, allowance).isWithin ? [] : [{ what, output: key }];
    });
  const found = [...odd('predict gives something else when it is called again', second)];
  if (prefix === undefined || suffix === undefined || found.length > 0) return found;
  const keys = new Set(program.inputs.map(({ key }) => key));
  try {
    return withTensors(new Map([...inputs].filter(([key]) => keys.has(key))), (tensors) =>
      side.watched(null, () => {
        const features = prefix(weights, tensors);
        const results = [0, 1].map(() => taken(suffix(weights, features)));
        for (const tensor of Object.values(features)) tensor.dispose();
        return [
          ...odd('suffix(prefix(x)) is not predict(x)', results[0] as ReadonlyMap<string, Held>),
          ...odd('suffix gives something else for the same features', results[1] as ReadonlyMap<string, Held>),
        ];
      }),
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [{ what: `suffix(prefix(x)) fails: ${error.message}`, output: null }];
  }
}

/** What a further call gives, or that it fails. */
function again(name: string, call: () => ReadonlyMap<string, Held>): ReadonlyMap<string, Held> | Odd {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { what: `${name} fails when it is called again: ${error.message}`, output: null };
  }
}

function taken(outputs: NamedTensorMap): ReadonlyMap<string, Held> {
  const held = Object.entries(outputs).map(([key, tensor]) => [key, heldIn(tensor)] as const);
  for (const tensor of Object.values(outputs)) tensor.dispose();
  return new Map(held);
}
