import { cast, notEqual, Tensor } from '@tensorflow/tfjs-core';

/**
 * What a tensor must be: its dtype, and sizes, or symbols of those that are unknown until it runs; equal symbols are equal sizes.
 * One with a value to fill it with may be left out, and then is not among the tensors.
 */
export type InputSpec = readonly [
  dtype: 'float32' | 'int32' | 'bool' | 'string',
  shape: readonly (number | string)[],
  fill?: number | undefined,
];

/**
 * The tensors by name, of the dtypes that `specs` asks for: the very tensors that were given, or casts of them, which the tidy
 * around the call disposes. All are checked before the first is cast.
 * @param given tensors by name; where one is required, it may stand alone
 * @param what what they are called in messages: `input`, `feature`
 * @throws Error naming the tensor, what was found and what was expected
 */
export function checkInputs<K extends string>(given: unknown, specs: Readonly<Record<K, InputSpec>>, what: string): Record<K, Tensor> {
  if (areReady(given, specs)) return given;
  const names = Object.keys(specs) as K[];
  const expected = (): string => `expected ${names.map((name) => JSON.stringify(name)).join(', ')}`;
  const required = names.filter((name) => specs[name][2] === undefined);
  const alone = given instanceof Tensor;
  const [only, another] = required.length > 0 ? required : names;
  if (typeof given !== 'object' || given === null || (alone && (only === undefined || another !== undefined))) {
    throw new Error(`${what}s: found ${describeGiven(given)}, ${expected()} by name`);
  }
  const values = new Map<string, unknown>(alone ? [[only ?? '', given]] : Object.entries(given));
  // A dead input may be handed in all the same. Not so where one may be left out: it could be that one, misspelt.
  const stray = [...values.keys()].find((name) => !Object.hasOwn(specs, name));
  if (stray !== undefined && required.length < names.length)
    throw new Error(`${what} ${JSON.stringify(stray)} is not known: ${expected()}`);
  const sizes = new Map<string, readonly [size: number, name: string]>();
  const present = names.filter((name) => specs[name][2] === undefined || values.get(name) !== undefined);
  for (const name of present) {
    const [dtype, shape] = specs[name];
    const value: unknown = values.get(name);
    const wrong = (found: string): Error =>
      new Error(
        `${what} ${JSON.stringify(name)}: found ${found}, expected ${dtype}[${shape.map((size) => (typeof size === 'number' ? size : '?'))}]`,
      );
    if (!(value instanceof Tensor)) throw wrong(describeGiven(value));
    if (value.isDisposed) throw wrong('a tensor that is disposed');
    const found = (): string => `${value.dtype}[${value.shape}]`;
    const numeric = value.dtype === 'float32' || value.dtype === 'int32' || value.dtype === 'bool';
    if (dtype === 'string' ? value.dtype !== dtype : !numeric) throw wrong(found());
    if (value.shape.length !== shape.length) throw wrong(`${found()} of rank ${value.shape.length}`);
    shape.forEach((size, axis) => {
      const actual = value.shape[axis] ?? 0;
      if (typeof size === 'number') {
        if (actual !== size) throw wrong(found());
        return;
      }
      const [before, where] = sizes.get(size) ?? [actual, name];
      if (before !== actual)
        throw wrong(`${found()} whose axis ${axis} is ${actual}, while the same size is ${before} in ${JSON.stringify(where)}`);
      sizes.set(size, [before, where]);
    });
  }
  return Object.fromEntries(
    present.map((name) => {
      const value = values.get(name) as Tensor;
      const [dtype] = specs[name];
      // The cast to bool of the wasm backend makes 0.5 false.
      return [name, value.dtype === dtype ? value : dtype === 'bool' ? notEqual(value, 0) : cast(value, dtype)];
    }),
  ) as Record<K, Tensor>;
}

/** True where every tensor is there by its name and is just what it must be: then there is nothing to cast and nothing to say. */
function areReady<K extends string>(given: unknown, specs: Readonly<Record<K, InputSpec>>): given is Record<K, Tensor> {
  if (typeof given !== 'object' || given === null || given instanceof Tensor) return false;
  const sizes: Record<string, number> = {};
  for (const name in specs) {
    const [dtype, shape, whereLeftOut] = specs[name];
    const value: unknown = Object.hasOwn(given, name) ? (given as Record<K, unknown>)[name] : undefined;
    if (!(value instanceof Tensor) || value.isDisposed || value.dtype !== dtype || value.shape.length !== shape.length) return false;
    for (const [axis, size] of shape.entries()) {
      const actual = value.shape[axis] as number;
      if (typeof size === 'string') sizes[size] ??= actual;
      const expected = typeof size === 'number' ? size : sizes[size];
      if (actual !== expected) return false;
    }
    // Where a tensor may be left out, one of another name could be it, misspelt.
    if (whereLeftOut !== undefined) return false;
  }
  return true;
}

function describeGiven(value: unknown): string {
  if (value === undefined || value === null) return value === null ? 'null' : 'nothing';
  return value instanceof Tensor ? 'a tensor without a name' : `a value of type ${typeof value}`;
}
