import { fail, type Location } from '../diagnostics/error.ts';
import { isObject, type ModelSpec, type NodeSpec, Reference, referencesIn, type SpecArg } from './spec.ts';

export interface Binding {
  /** The tensor for each input of the nested model, in the model's order. */
  readonly given: readonly Reference[];
  /** The mask for each input of the nested model, null where there is none. */
  readonly masks: readonly (Reference | null)[];
  /** What the call says of `training`, null where it says nothing. */
  readonly training: boolean | null;
}

/**
 * What a call of a nested model gives to each of its inputs. Keras calls a model as `model(inputs, training, mask)`.
 * @throws SkipcError `layer-inputs` where the numbers or the names differ, `nested-mask`
 */
export function bindInputs(node: NodeSpec, model: ModelSpec, where: Location): Binding {
  const [inputs = node.kwargs['inputs'] ?? [], training = node.kwargs['training'] ?? null, mask = node.kwargs['mask'] ?? null] = node.args;
  const given = byName(inputs, model) ?? referencesIn(inputs);
  if (given.length !== model.inputs.length) {
    const count = (n: number): string => `${n} tensor${n === 1 ? '' : 's'}`;
    fail('layer-inputs', { className: model.className, expected: count(model.inputs.length), found: count(given.length) }, where);
  }
  return { given, masks: masksOf(mask, model, where), training: typeof training === 'boolean' ? training : null };
}

/** One mask for a model of one input; for several, a list that may hold nulls. */
function masksOf(mask: SpecArg, model: ModelSpec, where: Location): readonly (Reference | null)[] {
  const [first, ...others] = referencesIn(mask);
  if (first === undefined) return [];
  if (model.inputs.length === 1 && others.length === 0) return [first];
  if (!Array.isArray(mask) || mask.length !== model.inputs.length) return fail('nested-mask', { name: model.name }, where);
  return mask.map((item: SpecArg) => (item instanceof Reference ? item : null));
}

/** A dict names the inputs by their keys or their layers; any other structure lists them in order. */
function byName(inputs: SpecArg, model: ModelSpec): readonly Reference[] | null {
  if (!isObject(inputs) || inputs instanceof Reference) return null;
  const named = inputs as Readonly<Record<string, SpecArg>>;
  const given: Reference[] = [];
  for (const { key, reference } of model.inputs) {
    const name = [key, reference.layer].find((candidate) => candidate !== null && Object.hasOwn(named, candidate));
    const value = name === undefined || name === null ? undefined : named[name];
    if (value instanceof Reference) given.push(value);
  }
  return given;
}
