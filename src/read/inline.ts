import type { Location } from '../diagnostics/error.ts';
import type { Arg, Call, ModelGraph, ModelOutput, Origin, TensorId } from '../model/graph.ts';
import { modelInputs } from './inputs.ts';
import { type Instance, type PlannedCall, planCalls } from './instances.ts';
import { inKerasOrder } from './keras-order.ts';
import { inOrder } from './order.ts';
import { placeModel, unique } from './paths.ts';
import { callNumber, type Resolve, resolver } from './resolve.ts';
import { isInputLayer, type ModelSpec, type NodeSpec, Reference, referencesIn, type SpecArg, type StatedType } from './spec.ts';

/**
 * A model's layers as one graph of calls, nested models inlined.
 * @throws SkipcError `layer-missing-reference`, `model-cyclic`, `input-shape-unknown`, and what planning its calls throws
 */
export function inlineModel(spec: ModelSpec, origin: Origin, file: string | undefined): ModelGraph {
  const placed = placeModel(spec);
  const inputs = modelInputs(placed, file);
  const plan = planCalls(placed, file);
  const resolve = resolver();
  const statedShapes = new Map<TensorId, StatedType>();
  const calls = plan.calls.map((planned) => callOf(planned, resolve, statedShapes, file));
  const aliases = new Map<string, readonly TensorId[]>();
  for (const { site, number, instance } of plan.nested) {
    const where: Location = { file, pointer: site.spec.pointer, layer: site.path };
    addNames(aliases, site.path, number, outputsOf(instance, resolve, where));
    for (const { reference } of instance.model.spec.inputs) {
      const input = instance.model.sites.get(reference.layer);
      addNames(aliases, input?.path ?? `${site.path}/${reference.layer}`, number, [resolve(instance, reference, where)]);
    }
  }
  const outputs = modelOutputs(plan.root, resolve, file);
  const ordered = inOrder(calls, file);
  // This layer takes the masks off the tensors that it is called with: who comes before it still sees them.
  const ordersByDepth = origin.keras === 3 && calls.some(({ layer }) => layer.className === 'MultiHeadAttention');
  return {
    name: spec.name,
    origin,
    calls: ordersByDepth
      ? inKerasOrder(
          ordered,
          outputs.map(({ tensor }) => tensor),
        )
      : ordered,
    inputs,
    outputs,
    aliases,
    statedShapes,
  };
}

/** `path` is the first call's, `path@n` the n-th call's. */
function addNames(aliases: Map<string, readonly TensorId[]>, path: string, number: number, tensors: readonly TensorId[]): void {
  if (number === 0) aliases.set(path, tensors);
  if (!aliases.has(`${path}@${number}`)) aliases.set(`${path}@${number}`, tensors);
}

const outputsOf = (instance: Instance, resolve: Resolve, where: Location): readonly TensorId[] =>
  instance.model.spec.outputs.map(({ reference }) => resolve(instance, reference, where));

function callOf(
  { instance, site, node, id }: PlannedCall,
  resolve: Resolve,
  stated: Map<TensorId, StatedType>,
  file: string | undefined,
): Call {
  const where: Location = { file, pointer: node.pointer, layer: site.path };
  const convert = (arg: SpecArg): Arg => {
    if (arg instanceof Reference) {
      const tensor = resolve(instance, arg, where);
      if (arg.stated !== null && !stated.has(tensor)) stated.set(tensor, arg.stated);
      return { tensor };
    }
    if (Array.isArray(arg)) return arg.map(convert);
    if (typeof arg === 'object' && arg !== null) return convertAll(arg as Readonly<Record<string, SpecArg>>);
    return arg as string | number | boolean | null;
  };
  const convertAll = (object: Readonly<Record<string, SpecArg>>): Readonly<Record<string, Arg>> =>
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, convert(value)]));
  const kwargs = convertAll(node.kwargs);
  // A model that is called with training=true calls its layers so, unless they say otherwise.
  const training = instance.training && (kwargs['training'] ?? null) === null ? { training: true } : {};
  const mask = (kwargs['mask'] ?? null) === null ? inheritedMask(instance, node, resolve, where) : null;
  return { id, layer: site.layer, args: node.args.map(convert), kwargs: { ...kwargs, ...training, ...(mask === null ? {} : { mask }) } };
}

/** The mask of what a call is given, where a nested model's call gave one for its input; a list for a call of several tensors. */
function inheritedMask(instance: Instance, node: NodeSpec, resolve: Resolve, where: Location): Arg | null {
  const masks = referencesIn(node.args).map((reference): Arg => {
    const mask = maskOf(instance, reference);
    return mask === null ? null : { tensor: resolve(mask.instance, mask.reference, where) };
  });
  if (masks.every((mask) => mask === null)) return null;
  return masks.length === 1 ? (masks[0] ?? null) : masks;
}

/** Follows an input of a nested model outwards, to the first call that gives a mask with it. */
function maskOf(instance: Instance, reference: Reference): { readonly instance: Instance; readonly reference: Reference } | null {
  let at = instance;
  let next = reference;
  for (;;) {
    const slot = at.model.slots.get(next.layer);
    const given = slot === undefined ? undefined : at.given[slot];
    if (at.parent === null || slot === undefined || given === undefined) return null;
    const mask = at.masks[slot] ?? null;
    if (mask !== null) return { instance: at.parent, reference: mask };
    next = given;
    at = at.parent;
  }
}

/**
 * The model's outputs. The key is that of the dict, or the layer's name, with `@n` behind it for the n-th call of a shared layer
 * and `:k` for its k-th tensor; where a key is taken, `_1`, `_2`, ... is put behind it, as Keras makes output names unique.
 */
function modelOutputs(root: Instance, resolve: Resolve, file: string | undefined): readonly ModelOutput[] {
  const keys = new Map<string, number>();
  const pointer = `${root.model.spec.pointer}/config/output_layers`;
  return root.model.spec.outputs.map(({ reference, key }) => {
    const tensor = resolve(root, reference, { file, pointer });
    const site = root.model.sites.get(reference.layer);
    const call = site !== undefined && isInputLayer(site.spec) ? 0 : callNumber(reference, root);
    const own = `${reference.layer}${call > 0 ? `@${call}` : ''}${reference.tensor > 0 ? `:${reference.tensor}` : ''}`;
    return { key: unique(key ?? own, keys, '_', 1), tensor };
  });
}
