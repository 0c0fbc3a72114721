import type { Value } from '../ir/program.ts';
import { type Arg, type Call, type CallId, givenTo, isTensorArg, type TensorId } from '../model/graph.ts';
import { type Frame, type Lowerer, putMask, resolve } from './frame.ts';

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
    const tensor = named[i];
    if (tensor === undefined) return mask;
    return tensor === null ? null : maskAt(lowerer, frame, positional[i] as TensorId, tensor);
  });
  return { inputs, passedOn: inputs[0] ?? null };
}

/** What a tensor says as the mask of another: where it is made by the same ops as the mask that this carries, it is that. */
function maskAt(lowerer: Lowerer, frame: Frame, masked: TensorId, tensor: TensorId): Value {
  const [mask, value] = [frame.onceMasked.get(masked), resolve(frame, tensor)];
  if (mask === undefined || !lowerer.builder.equal(mask, value)) return value;
  const aliased = lowerer.maskAliases.get(tensor) ?? new Set();
  lowerer.maskAliases.set(tensor, aliased.add(masked));
  return mask;
}

/** As a nested model starts, what it is called with carries the masks that its call gives. */
export function enterModels(lowerer: Lowerer, frame: Frame, call: Call): void {
  for (const entering of call.entering ?? []) {
    const { model, tensor, mask } = entering;
    const entry = `${model} ${tensor}`;
    if (frame.entered.has(entry)) continue;
    frame.entered.add(entry);
    putMask(frame, tensor, maskAt(lowerer, frame, tensor, mask));
    frame.enteredWith.set(tensor, entering);
  }
}

/**
 * A tensor that loses its mask in the whole model has lost it in a part of the model as well, also where the layer that takes it off is
 * not in that part: those are `unmasked`. Notes what is lost in the graph at hand, and what other calls have put there.
 */
export function noteMasks(frame: Frame, call: Call): void {
  for (const tensor of call.unmasked ?? []) frame.masks.delete(tensor);
  const found = new Map<TensorId, CallId>();
  for (const tensor of givenTo(call)) {
    const by = frame.masks.has(tensor) ? undefined : frame.unmaskedBy.get(tensor);
    if (by !== undefined) found.set(tensor, by);
  }
  if (found.size > 0) frame.lost.set(call.id, found);
  const own = new Set(call.entering);
  const kept = givenTo(call).flatMap((tensor) => frame.enteredWith.get(tensor) ?? []);
  const fromElsewhere = kept.filter((entering) => !own.has(entering));
  if (fromElsewhere.length > 0) frame.kept.set(call.id, fromElsewhere);
}

/** One mask for the first input, or a list of one for each, in which null says that there is none. */
function namedMasks(arg: Arg): readonly (TensorId | null)[] {
  if (isTensorArg(arg)) return [arg.tensor];
  return Array.isArray(arg) ? arg.map((item: Arg) => (isTensorArg(item) ? item.tensor : null)) : [];
}
