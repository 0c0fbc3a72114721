import type { Value } from '../../ir/program.ts';
import { anything, type Schema, withDefault } from '../../schema/build.ts';
import type { Lowering } from '../row.ts';
import { activations } from './functions.ts';

/** An `activation` entry of a layer config: a name, a serialised function or object, or null for none. */
export const activationConfig: Schema<unknown> = withDefault(anything, null);

/**
 * Applies the activation of a layer's config.
 * @throws SkipcError where skipc does not know the activation
 */
export function activate(layer: Lowering, x: Value, spec: unknown): Value {
  const name = activationName(spec);
  const apply = activations.get(name);
  if (apply === undefined) {
    layer.unsupported(`skipc does not know the activation ${JSON.stringify(name)}`, `use one of ${[...activations.keys()].join(', ')}`);
  }
  return apply(layer, x);
}

function activationName(spec: unknown): string {
  if (spec === null || spec === undefined) return 'linear';
  if (typeof spec === 'string') return spec;
  const { class_name: className, config } = spec as { class_name?: unknown; config?: unknown };
  return className === 'function' && typeof config === 'string' ? config : String(className);
}
