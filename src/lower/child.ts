import { fail, type Location } from '../diagnostics/error.ts';
import type { Value } from '../ir/program.ts';
import type { Child, ChildArguments } from '../layers/row.ts';
import type { Arg, Call, Layer } from '../model/graph.ts';
import { anything, array, boolean, either, nullable, object, optional, string } from '../schema/build.ts';
import { validate } from '../schema/validate.ts';
import { lowerCall } from './call.ts';
import { type Frame, frameOf, type Lowerer, type Nested, type Owner, putMask, resolve } from './frame.ts';

const envelope = object({
  // A Sequential may be the bare list of its layers.
  config: either(object({ name: optional(nullable(string)), trainable: optional(nullable(boolean)) }), array(anything)),
});

/**
 * A layer, or a model, in the config of another layer. Its variables are declared as that layer's, below its own name unless it is
 * alone in there.
 * @param owner the layer that wraps it
 * @param scope what the wrapping call's tensors are called after
 */
export function childOf(lowerer: Lowerer, frame: Frame, owner: Owner, spec: unknown, alone: boolean, where: Location): Child {
  const { config: given } = validate(envelope, structuredClone(spec), where);
  const config = Array.isArray(given) ? {} : (given as { readonly name?: string | null; readonly trainable?: boolean | null });
  const { className, model } = nestedIn(lowerer, frame, spec, where);
  const name = config.name ?? className.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
  const inner: Owner = {
    ...owner,
    prefix: alone ? owner.prefix : `${owner.prefix}${name}/`,
    trainable: owner.trainable && config.trainable !== false,
  };
  const layer: Layer = {
    path: `${owner.path}/${owner.prefix}${name}`,
    name,
    className,
    config: config as Readonly<Record<string, unknown>>,
    trainable: inner.trainable,
    pointer: `${where.pointer ?? ''}/config/layer`,
  };
  let calls = 0;

  function callLayer(inputs: readonly Value[], given: ChildArguments): ReturnType<Child['call']> {
    const own = frameOf(frame.origin, inner);
    const call = { id: `${layer.path}@${calls++}`, layer, ...argumentsIn(own, inputs, given) };
    const values = lowerer.builder.inside(name, () =>
      lowerCall(lowerer, own, call, lowerer.builder.scope, { ...where, layer: layer.path }, false, given.isBare),
    );
    return { values, masks: values.map((_, k) => own.masks.get(`${call.id}:${k}`) ?? null) };
  }

  function callModel(inputs: readonly Value[], { masks = [] }: ChildArguments): ReturnType<Child['call']> {
    if (model === null) throw new TypeError('not a model');
    if (model.inputs.length !== inputs.length) {
      fail('layer-inputs', { className, expected: `${model.inputs.length} tensors`, found: `${inputs.length}` }, where);
    }
    const own = frameOf(frame.origin, inner);
    model.inputs.forEach(({ tensor }, i) => {
      own.values.set(tensor, inputs[i] as Value);
      const mask = masks[i] ?? null;
      if (mask !== null) putMask(own, tensor, mask);
    });
    for (const call of model.calls) {
      const owned: Frame = {
        ...own,
        owner: { ...inner, prefix: `${inner.prefix}${call.layer.path}/`, trainable: inner.trainable && call.layer.trainable },
      };
      const at = { ...where, layer: `${layer.path}/${call.layer.path}` };
      lowerer.builder.inside(call.layer.path, () => lowerCall(lowerer, owned, call, lowerer.builder.scope, at, false));
    }
    const tensors = model.outputs.map(({ tensor }) => tensor);
    return { values: tensors.map((tensor) => resolve(own, tensor)), masks: tensors.map((tensor) => own.masks.get(tensor) ?? null) };
  }

  function call(inputs: readonly Value[], given: ChildArguments = {}): ReturnType<Child['call']> {
    const depth = frame.owner === null ? 'outer' : 'inner';
    lowerer.wrappedCalls[depth] += model?.calls.length ?? 1;
    if (lowerer.wrappedCalls[depth] > MOST_CALLS[depth]) fail('model-too-large', { most: MOST_CALLS[depth] }, where);
    return model === null ? callLayer(inputs, given) : callModel(inputs, given);
  }
  return { className, name, call };
}

/** A wrapped layer may be called as often as any other; wrappers in wrappers multiply. */
const MOST_CALLS = { outer: 1_000_000, inner: 20_000 };

/** What the config holds, read once: a wrapper may be called many times, and so may one inside it. */
function nestedIn({ readNested, nested }: Lowerer, { origin }: Frame, spec: unknown, where: Location): Nested {
  const key = spec as object;
  const read = nested.get(key) ?? readNested(spec, origin, { ...where, pointer: `${where.pointer ?? ''}/config/layer` });
  nested.set(key, read);
  return read;
}

/** The arguments of a call whose tensors are these values. */
function argumentsIn(frame: Frame, inputs: readonly Value[], { masks = [], kwargs = {} }: ChildArguments): Pick<Call, 'args' | 'kwargs'> {
  const tensorOf = (value: Value, mask: Value | null): Arg => {
    const tensor = `${frame.values.size}:0`;
    frame.values.set(tensor, value);
    if (mask !== null) putMask(frame, tensor, mask);
    return { tensor };
  };
  const args = inputs.map((value, i) => tensorOf(value, masks[i] ?? null));
  const named = Object.entries(kwargs).map(([key, values]): [string, Arg] => [key, values.map((value) => tensorOf(value, null))]);
  return { args, kwargs: Object.fromEntries(named) };
}
