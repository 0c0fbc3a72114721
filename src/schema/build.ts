/**
 * JSON Schema fragments that carry the TypeScript type they describe. A layer's config, an op's attributes and a model
 * file's envelope are declared once with these; the type-checker, ajv and the files in `schemas/` all read the same
 * declaration. Nothing here runs but object literals, so that a command starts instantly.
 */

declare const instance: unique symbol;

/** A JSON Schema whose instances have type T. */
export interface Schema<T> {
  readonly [keyword: string]: unknown;
  readonly [instance]?: T;
}

export type Static<S> = S extends Schema<infer T> ? T : never;

type Properties = Readonly<Record<string, Schema<unknown>>>;

/** A property that may be left out. */
export interface OptionalSchema<T> extends Schema<T> {
  readonly [absent]: true;
}
declare const absent: unique symbol;

type OptionalKeys<P> = { [K in keyof P]: P[K] extends { readonly [absent]: true } ? K : never }[keyof P];
type ObjectOf<P extends Properties> = { [K in Exclude<keyof P, OptionalKeys<P>>]: Static<P[K]> } & {
  [K in OptionalKeys<P>]?: Static<P[K]>;
};

const optionals = new WeakSet<object>();

/** Marks a property as one that may be missing. */
export function optional<T>(schema: Schema<T>): OptionalSchema<T> {
  const copy = { ...schema } as OptionalSchema<T>;
  optionals.add(copy);
  return copy;
}

/** The schema with a value that ajv fills in where the property is missing. */
export function withDefault<T>(schema: Schema<T>, value: T): Schema<T> {
  return { ...schema, default: value };
}

/** The schema with a sentence for the people who read it. */
export const described = <S extends Schema<unknown>>(schema: S, description: string): S => ({ ...schema, description });

export const number = (limits: { minimum?: number; maximum?: number; exclusiveMinimum?: number } = {}): Schema<number> => ({
  type: 'number',
  ...limits,
});
export const integer = (limits: { minimum?: number; maximum?: number } = {}): Schema<number> => ({ type: 'integer', ...limits });
export const boolean: Schema<boolean> = { type: 'boolean' };
export const string: Schema<string> = { type: 'string' };
export const anything: Schema<unknown> = {};
export const nothing: Schema<null> = { type: 'null' };

export const oneOf = <const T extends readonly (string | number | boolean | null)[]>(...values: T): Schema<T[number]> => ({
  enum: values,
});

export const array = <T>(items: Schema<T>, limits: { minItems?: number; maxItems?: number } = {}): Schema<readonly T[]> => ({
  type: 'array',
  items,
  ...limits,
});

export const record = <T>(values: Schema<T>): Schema<Readonly<Record<string, T>>> => ({
  type: 'object',
  additionalProperties: values,
});

export const either = <S extends readonly Schema<unknown>[]>(...schemas: S): Schema<Static<S[number]>> => ({ anyOf: schemas });

export const nullable = <T>(schema: Schema<T>): Schema<T | null> => either(schema, nothing) as Schema<T | null>;

/** An object with at least these properties; others are let through unread, as Keras itself writes more than it needs. */
export function object<const P extends Properties>(properties: P, keywords: Readonly<Record<string, unknown>> = {}): Schema<ObjectOf<P>> {
  const required = Object.keys(properties).filter((key) => !optionals.has(properties[key] as object));
  return { type: 'object', ...(required.length > 0 ? { required } : {}), properties, ...keywords };
}

const propertiesOf = (schema: Schema<unknown>): [string, Schema<unknown>][] =>
  Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema<unknown>>>);

/** An object with the defaults of its schema filled in: what ajv does to what it validates, for what is known to be valid. */
export function fillDefaults<T>(schema: Schema<T>, value: object): T {
  const defaults = propertiesOf(schema).flatMap(([key, { default: value }]) => (value === undefined ? [] : [[key, value]]));
  return { ...Object.fromEntries(defaults), ...value } as T;
}

/** An object without the properties whose values are the defaults of its schema. */
export function dropDefaults(schema: Schema<unknown>, value: object): object {
  const defaults = new Map(propertiesOf(schema).map(([key, { default: value }]) => [key, value]));
  return Object.fromEntries(Object.entries(value).filter(([key, item]) => item !== undefined && !isSame(item, defaults.get(key))));
}

const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b));
