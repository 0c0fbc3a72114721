import { fail, type Location } from '../diagnostics/error.ts';
import type { Layer } from '../model/graph.ts';
import { brief } from '../schema/validate.ts';
import { dtypeOf } from './dtypes.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Variables in float32, and arithmetic in the other type. */
const MIXED = /^mixed_(float16|bfloat16|float32|float64)$/;
/** How the name of a quantising policy is made: `int8_from_float32`, `gptq/4/128_from_float32`. */
const QUANTISED = /_from_/;
/** The classes of policies that say no more than a name, in Keras 2 and 3. The others quantise: to int8, int4, float8, by GPTQ or AWQ. */
const PLAIN: ReadonlySet<unknown> = new Set([undefined, 'DTypePolicy', 'FloatDTypePolicy', 'Policy', 'PolicyV1']);

/**
 * Refuses dtype policies under which Keras rounds on the way to other values than floats have. A float16 policy is computed in
 * float32, which is what it approximates. A map of policies gives them to a layer and to those in it by regular expressions over
 * paths: it is refused where one of its policies is.
 * @throws SkipcError `layer-unsupported`, `dtype-unknown`
 */
export function checkPolicy({ className, config }: Pick<Layer, 'className' | 'config'>, where: Location): void {
  for (const policy of policiesIn(config['dtype'])) {
    const name = nameOf(policy);
    const quantising = name === undefined ? (fieldsOf(policy)?.['class_name'] ?? policy) : QUANTISED.test(name ?? '') ? name : null;
    if (quantising !== null) {
      const what = `this ${className} layer computes under the dtype policy ${brief(quantising)}, which quantises it`;
      fail('layer-unsupported', { what, instead: 'compile the model as it was before it was quantised' }, where);
    }
    if (name !== null && name !== undefined && !MIXED.test(name)) dtypeOf(name, where);
  }
}

/** The policy, or those of a map. */
function policiesIn(dtype: unknown): readonly unknown[] {
  const policy = fieldsOf(dtype);
  if (policy?.['class_name'] !== 'DTypePolicyMap') return [dtype];
  const { default_policy: byDefault, policy_map: map } = fieldsOf(policy['config']) ?? {};
  return [byDefault, ...Object.values(fieldsOf(map) ?? {})];
}

/** Null where a policy is left to Keras's default, undefined where it is of a class that does more than name a dtype. */
function nameOf(policy: unknown): string | null | undefined {
  if (policy === undefined || policy === null) return null;
  if (typeof policy === 'string') return policy;
  const { class_name: className, config } = fieldsOf(policy) ?? {};
  const name = fieldsOf(config)?.['name'] ?? null;
  return PLAIN.has(className) && (name === null || typeof name === 'string') ? name : undefined;
}

const fieldsOf = (value: unknown): Fields | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
