import { fail, type Location } from '../diagnostics/error.ts';
import { brief } from '../schema/validate.ts';
import { triple } from './nodes.ts';
import { type Endpoint, isObject } from './spec.ts';

/**
 * The inputs or outputs of a functional model: a list of `[layer, call, index]`, one of these alone, a dict of them (in the order
 * of its sorted keys, as Keras flattens dicts), or lists and dicts inside one another.
 * @throws SkipcError `config-invalid`
 */
export function readEndpoints(value: unknown, where: Location, key: string | null = null): Endpoint[] {
  if (Array.isArray(value)) {
    if (typeof value[0] === 'string') return [{ reference: triple(value, where), key }];
    return value.flatMap((item: unknown, i) => readEndpoints(item, { ...where, pointer: `${where.pointer ?? ''}/${i}` }));
  }
  if (isObject(value)) {
    return Object.keys(value)
      .sort()
      .flatMap((name) => readEndpoints(value[name], { ...where, pointer: `${where.pointer ?? ''}/${escapePointer(name)}` }, name));
  }
  return fail('config-invalid', { found: brief(value), expected: 'a tensor [layer, call, index]' }, where);
}

/** A key as a part of a JSON pointer (RFC 6901). */
const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
