import type { Value } from '../ir/program.ts';
import { type Arg, type Call, isTensorArg, type TensorId } from '../model/graph.ts';
import { type Frame, type Lowerer, resolve } from './frame.ts';

/** The masks that come with a call. */
export interface CallMasks {
  /** Of each positional input: what the call says, else what the tensor carries. */
  readonly inputs: readonly (Value | null)[];
  /** What a layer that knows no better gives its result. */
  readonly passedOn: Value | null;
}

/**
 * The masks of a call. A mask that the call itself names is the one the layer works with. Keras 3 writes there the masks that it
 * propagates anyway: where such a tensor is made by the same ops as the mask that the input carries, it is that.
 */
export function masksOf(lowerer: Lowerer, frame: Frame, call: Call, positional: readonly TensorId[]): CallMasks {
  const carried = positional.map((tensor) => frame.masks.get(tensor) ?? null);
  const named = namedMasks(call.kwargs['mask'] ?? null);
  const inputs = carried.map((mask, i) => {
    const tensor = named[i] ?? null;
    if (tensor === null) return mask;
    const value = resolve(frame, tensor);
    if (mask === null || !lowerer.builder.equal(mask, value)) return value;
    const masked = lowerer.maskAliases.get(tensor) ?? new Set();
    lowerer.maskAliases.set(tensor, masked.add(positional[i] as TensorId));
    return mask;
  });
  return { inputs, passedOn: inputs[0] ?? null };
}

/** One mask for the first input, or a list of one for each. */
function namedMasks(arg: Arg): readonly (TensorId | null)[] {
  if (isTensorArg(arg)) return [arg.tensor];
  return Array.isArray(arg) ? arg.map((item: Arg) => (isTensorArg(item) ? item.tensor : null)) : [];
}
