import { type Location, SkipcError } from '../diagnostics/error.ts';
import { validate } from '../schema/validate.ts';
import { shape as shapeSchema } from './keras.ts';
import { isObject } from './spec.ts';

export type FileShape = readonly (number | null)[];

/**
 * A shape as files hold it: a list, or a tuple or TensorShape that Keras wrote as an object.
 * @throws SkipcError `config-invalid` where it is neither
 */
function readShape(value: unknown, where: Location): FileShape {
  return validate(shapeSchema, isObject(value) && Array.isArray(value['items']) ? value['items'] : value, where);
}

/** As `readShape`, null where the value is no single shape. */
function shapeOrNull(value: unknown): FileShape | null {
  if (value === undefined || value === null) return null;
  try {
    return readShape(value, {});
  } catch (error) {
    if (error instanceof SkipcError) return null;
    throw error;
  }
}

/**
 * The shape a layer's config states for what it is given, batch first, or null. Keras 3 says `batch_shape`, Keras 2
 * `batch_input_shape`, hand-written files `input_shape` without the batch.
 */
export function statedInputShape(config: Readonly<Record<string, unknown>>, where: Location): FileShape | null {
  for (const key of ['batch_shape', 'batch_input_shape']) {
    if (config[key] !== undefined && config[key] !== null)
      return readShape(config[key], { ...where, pointer: `${where.pointer ?? ''}/config/${key}` });
  }
  const perSample = shapeOrNull(config['input_shape']);
  return perSample === null ? null : [null, ...perSample];
}

/** The shape a model or layer was built with, its batch forgotten: that was only the size of the first batch it saw. */
export function builtShape(...statements: readonly unknown[]): FileShape | null {
  for (const statement of statements) {
    const shape = shapeOrNull(statement);
    if (shape !== null && shape.length > 0) return [null, ...shape.slice(1)];
  }
  return null;
}

/** The dtype of what a layer is given: a name, or the name of its policy; a mixed policy keeps its variables in float32. */
export function statedDType(config: Readonly<Record<string, unknown>>): string {
  // Keras 1 says `input_dtype`; what it has beside that is the layer's own.
  let dtype: unknown = config['input_dtype'] ?? config['dtype'];
  if (isObject(dtype)) dtype = isObject(dtype['config']) ? dtype['config']['name'] : undefined;
  if (typeof dtype !== 'string' || dtype.startsWith('mixed_')) return 'float32';
  return dtype;
}
