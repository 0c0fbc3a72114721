import type { Value } from '../../ir/program.ts';
import { anything, type Schema, withDefault } from '../../schema/build.ts';
import { brief, validate } from '../../schema/validate.ts';
import type { LayerRow, Lowering } from '../row.ts';
import { elu } from './elu.ts';
import { activations } from './functions.ts';
import { leakyReLU } from './leaky-relu.ts';
import { reLU } from './relu.ts';
import { softmaxLayer } from './softmax.ts';
import { thresholdedReLU } from './thresholded-relu.ts';

/** An `activation` entry of a layer config: a name, a serialised function or layer, or null for none. */
export const activationConfig: Schema<unknown> = withDefault(anything, null);

/** Layers without weights that stand as the activation of another, by class name. */
const layers: ReadonlyMap<string, LayerRow> = new Map(
  ([reLU, leakyReLU, elu, thresholdedReLU, softmaxLayer] as unknown as readonly LayerRow[]).map((row) => [row.className, row]),
);

/**
 * Applies the activation of a layer's config.
 * @throws SkipcError where skipc does not know the activation
 */
export function activate(layer: Lowering, x: Value, spec: unknown): Value {
  const { name, config } = named(spec);
  const apply = activations.get(name);
  if (apply !== undefined) return apply(layer, x);
  const row = layers.get(name);
  if (row === undefined) {
    const known = [...activations.keys(), ...layers.keys()].join(', ');
    return layer.unsupported(`skipc does not know the activation ${brief(name)}`, `use one of ${known}`);
  }
  const checked = validate(row.config, structuredClone(config), {});
  return row.lower(onTensor(layer, x, checked)) as Value;
}

/** A layer's call with another tensor and config, under the same name. */
export function onTensor(layer: Lowering, x: Value, config: unknown): Lowering {
  const call = { config, x, inputs: [x], args: [], kwargs: {} };
  return Object.create(layer, Object.getOwnPropertyDescriptors(call)) as Lowering;
}

/** What a spec names: a function by its name, or a layer by its class with its config. */
function named(spec: unknown): { readonly name: string; readonly config: unknown } {
  let inner = spec;
  for (;;) {
    if (inner === null || inner === undefined) return { name: 'linear', config: {} };
    if (typeof inner === 'string') return { name: inner, config: {} };
    const { class_name: className, config } = inner as { class_name?: unknown; config?: unknown };
    if (className === 'function' && typeof config === 'string') return { name: config, config: {} };
    if (typeof className !== 'string') return { name: brief(inner), config: {} };
    if (className !== 'Activation') return { name: className, config: config ?? {} };
    inner = (config as { activation?: unknown } | null)?.activation;
  }
}
