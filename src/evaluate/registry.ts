import { fail, type Location } from '../diagnostics/error.ts';
import { suggest } from '../diagnostics/suggest.ts';
import type { Origin } from '../model/graph.ts';
import { fillDefaults, type Schema } from '../schema/build.ts';
import { brief, validate } from '../schema/validate.ts';
import type { FactoryCall, OptionData } from './plan.ts';
import type { LossRow, Meaning, MetricRow, RefusedRow } from './row.ts';

/** Rows by all that they go by. */
export type Registry<R> = ReadonlyMap<string, R | RefusedRow>;

export function registry<R extends { readonly className: string; readonly names?: readonly string[] }>(
  rows: readonly (R | RefusedRow)[],
): Registry<R> {
  return new Map(rows.flatMap((row) => namesOf(row).map((name): [string, R | RefusedRow] => [name, row])));
}

export const namesOf = ({ className, names = [] }: { readonly className: string; readonly names?: readonly string[] }): string[] => [
  ...new Set([className, snakeCase(className), ...names]),
];

/** `to_snake_case` of Keras, which tfjs's differs from in no name that it writes. */
export const snakeCase = (name: string): string =>
  name
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** What a name stands for; names in camel case are tfjs's. */
export const named = <R>(rows: Registry<R>, name: string): R | RefusedRow | undefined => rows.get(name) ?? rows.get(snakeCase(name));

export const isRefused = (row: object): row is RefusedRow => 'what' in row;

/** @throws SkipcError `evaluation-unsupported` where it is not computed */
export function compiled<R extends object>(row: R | RefusedRow, where: Location): R {
  if (isRefused(row)) fail('evaluation-unsupported', { what: row.what, instead: row.instead }, where);
  return row;
}

/** Names that are near to one that is not known. */
export const near = (name: string, ...rows: readonly Registry<unknown>[]): string[] =>
  suggest(name, new Set(rows.flatMap((known) => [...known.keys()])));

export const meaningOf = ({ writer, keras }: Origin): Meaning => (writer === 'tfjs-layers' ? 'tfjs' : keras < 3 ? 'keras2' : 'keras3');

/** Keys that every loss or metric has. */
const COMMON: ReadonlySet<string> = new Set(['name', 'dtype', 'reduction']);

/**
 * The config with defaults filled in.
 * @throws SkipcError `config-invalid` for a value or a key that Keras refuses, too
 */
export function configOf<C>(row: LossRow<C> | MetricRow<C>, config: Readonly<Record<string, unknown>>, where: Location): C {
  const keys = Object.keys((row.config['properties'] ?? {}) as object);
  const own = Object.entries(config).filter(([key]) => !COMMON.has(key) || keys.includes(key));
  const stray = own.find(([key, value]) => !keys.includes(key) && value !== null);
  if (stray !== undefined) {
    const expected =
      keys.length === 0 ? `a ${row.className} without options` : `one of ${keys.map((key) => JSON.stringify(key)).join(', ')}`;
    fail('config-invalid', { found: brief(stray[0]), expected }, where);
  }
  const known = Object.fromEntries(own.filter(([key, value]) => value !== null || takesNull(row.config, key)));
  const checked = validate(row.config as Schema<C>, structuredClone(known), where);
  const fault = row.fault?.(checked) ?? null;
  if (fault !== null) fail('config-invalid', { found: brief(config), expected: fault }, where);
  return checked;
}

/** Where null means something; elsewhere Keras leaves it for what was not given. */
function takesNull(schema: Schema<unknown>, key: string): boolean {
  const property = ((schema['properties'] ?? {}) as Readonly<Record<string, Schema<unknown>>>)[key];
  const alternatives = [property, ...((property?.['anyOf'] ?? []) as Schema<unknown>[])];
  return alternatives.some((one) => [one?.['type']].flat().includes('null'));
}

/** Options without those that are what the function has without them: Keras 3's defaults. */
export function briefOptions(row: LossRow | MetricRow, config: unknown, meaning: Meaning): FactoryCall['options'] {
  const usual = row.options(fillDefaults(row.config, {}), 'keras3') as FactoryCall['options'];
  const options = row.options(config, meaning) as Readonly<Record<string, OptionData | undefined>>;
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]) =>
      value === undefined || (!row.keeps?.includes(key) && isSame(value, usual[key])) ? [] : [[key, value]],
    ),
  );
}

const isSame = (a: OptionData, b: OptionData | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The dtype that a config names, alone or as the name of a policy; null where it names none. */
export function dtypeIn(given: unknown): unknown {
  return typeof given === 'object' && given !== null
    ? ((given as { config?: { name?: unknown } | null }).config?.name ?? given)
    : (given ?? null);
}

const FLOATS: readonly unknown[] = [null, 'float32', 'float64'];
export const INTEGERS: readonly unknown[] = ['int', 'int32', 'int64'];

/** @throws SkipcError `evaluation-unsupported` for a dtype that gives other results */
export function checkDType(given: unknown, isCounted: boolean, where: Location): void {
  const dtype = dtypeIn(given);
  if (FLOATS.includes(dtype) || (isCounted && INTEGERS.includes(dtype))) return;
  const what = `a loss or metric that is computed in ${brief(dtype)} rounds as skipc does not`;
  fail('evaluation-unsupported', { what, instead: 'name it anew with --loss or --metric' }, where);
}
