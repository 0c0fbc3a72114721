import type { Location } from '../diagnostics/error.ts';
import type { Arg, Call, CallId, EnteringMask, ModelGraph, ModelOutput, Origin, TensorId } from '../model/graph.ts';
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
  const modelCalls = new Map(plan.nested.map(({ site, number, instance }) => [instance, `${site.path}@${number}`]));
  const statedShapes = new Map<TensorId, StatedType>();
  const calls = plan.calls.map((planned) => callOf(planned, resolve, modelCalls, statedShapes, file));
  const aliases = new Map<string, readonly TensorId[]>();
  for (const { site, number, instance } of plan.nested) {
    const where: Location = { file, pointer: site.spec.pointer, layer: site.path };
    addNames(aliases, site.path, number, outputsOf(instance, resolve, where));
    for (const { reference } of instance.model.spec.inputs) {
      const input = instance.model.sites.get(reference.layer);
      addNames(aliases, input?.path ?? `${site.path}/${reference.layer}`, number, [resolve(instance, reference, where)]);
    }
  }
  const ordered = inOrder(calls, file);
  // This layer takes the masks off the tensors that it is called with: what comes before it still sees them.
  const ordersByDepth = origin.keras === 3 && calls.some(({ layer }) => layer.className === 'MultiHeadAttention');
  return {
    name: spec.name,
    origin,
    calls: ordersByDepth ? inKerasOrder(ordered, plan.root) : ordered,
    inputs,
    outputs: modelOutputs(plan.root, resolve, file),
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
  modelCalls: ReadonlyMap<Instance, CallId>,
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
  const entering = enteringMasks(instance, node, resolve, modelCalls, where);
  const call = { id, layer: site.layer, args: node.args.map(convert), kwargs: { ...kwargs, ...training } };
  return entering.length === 0 ? call : { ...call, entering };
}

/**
 * The masks that the calls of nested models give what this call takes. A nested model's call says what mask each of its inputs has, and
 * Keras puts that on the tensor itself, as the model starts.
 */
function enteringMasks(
  instance: Instance,
  node: NodeSpec,
  resolve: Resolve,
  modelCalls: ReadonlyMap<Instance, CallId>,
  where: Location,
): readonly EnteringMask[] {
  const found: EnteringMask[] = [];
  for (const reference of [...referencesIn(node.args), ...referencesIn(node.kwargs)]) {
    let next = reference;
    // Outwards, for as long as what is taken is an input of the model at hand.
    for (let at = instance; at.parent !== null; at = at.parent) {
      const slot = at.model.slots.get(next.layer);
      const given = slot === undefined ? undefined : at.given[slot];
      if (slot === undefined || given === undefined) break;
      const mask = at.masks[slot] ?? null;
      if (mask !== null) {
        const tensor = resolve(at.parent, given, where);
        found.unshift({ model: modelCalls.get(at) as CallId, tensor, mask: resolve(at.parent, mask, where) });
      }
      next = given;
    }
  }
  return found;
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
