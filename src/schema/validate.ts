import Ajv from 'ajv';
import { fail, type Location } from '../diagnostics/error.ts';
import type { Schema } from './build.ts';

const ajv = new Ajv.default({ useDefaults: true, allErrors: false, strict: false, verbose: true });

/**
 * Checks a value against a schema and fills in defaults, in place.
 * @param where what the value belongs to; the JSON pointer of the fault is appended to `where.pointer`, where that is known
 * @throws SkipcError `config-invalid` saying what was found and what was expected
 */
export function validate<T>(schema: Schema<T>, value: unknown, where: Location): T {
  const check = ajv.compile<T>(schema);
  if (check(value)) return value;
  const error = deepest(check.errors ?? []);
  fail(
    'config-invalid',
    { found: found(error), expected: expectation(error) },
    where.pointer === undefined ? where : { ...where, pointer: `${where.pointer}${error?.instancePath ?? ''}` },
  );
}

/** What is at fault: a value, or a property that should not be there. */
const found = (error: Fault | undefined): string =>
  error?.keyword === 'additionalProperties' ? `a property ${brief(error.params['additionalProperty'])}` : brief(error?.data);

/** A copy of the value with defaults filled in; null where it is no instance of the schema. */
export function instanceOf<T>(schema: Schema<T>, value: unknown): T | null {
  const copy: unknown = structuredClone(value);
  return ajv.compile<T>(schema)(copy) ? copy : null;
}

interface Fault {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  readonly parentSchema?: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
}

/**
 * The fault that says most. Of an `anyOf`, an alternative whose type was right says what else is wrong; where no type was
 * right, the list of alternatives does.
 */
function deepest(errors: readonly Fault[]): Fault | undefined {
  const alternatives = errors.find((error) => error.keyword === 'anyOf');
  if (alternatives === undefined) return errors[0];
  return errors.find((error) => error !== alternatives && error.keyword !== 'type' && error.keyword !== 'enum') ?? alternatives;
}

function expectation(error: Fault | undefined): string {
  if (error === undefined) return 'something else';
  if (error.keyword === 'required') return `a property ${JSON.stringify(error.params['missingProperty'])}`;
  if (error.keyword === 'additionalProperties') return `one of ${Object.keys(error.parentSchema?.['properties'] ?? {}).join(', ')}`;
  if (error.keyword === 'enum')
    return `one of ${(error.params['allowedValues'] as unknown[]).map((value) => JSON.stringify(value)).join(', ')}`;
  if (error.keyword === 'anyOf') return ((error.parentSchema?.['anyOf'] ?? []) as Schema<unknown>[]).map(describe).join(' or ');
  if (error.keyword === 'type') return describe(error.parentSchema ?? {});
  const { message = 'fits' } = error;
  return message.startsWith('must ')
    ? `a value that must ${message.slice(5)}`.replace('that must NOT have', 'that has not').replace('that must be', 'that is')
    : `a value that ${message}`;
}

function describe(schema: Schema<unknown>): string {
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => JSON.stringify(value)).join(', ');
  if (schema['type'] === 'array') return describeList((schema['items'] ?? {}) as Schema<unknown>);
  if (Array.isArray(schema['anyOf'])) return (schema['anyOf'] as Schema<unknown>[]).map(describe).join(' or ');
  return typeof schema['type'] === 'string' ? schema['type'] : 'a value';
}

function describeList(items: Schema<unknown>): string {
  if (typeof items['type'] === 'string' && items['type'] !== 'array') return `a list of ${items['type']}s`;
  return describe(items) === 'a value' ? 'a list' : `a list of ${describe(items)}`;
}

const LONGEST_VALUE = 60;

/** A value as a message can show it: short, on one line. Neither large nor deeply nested values cost more than small ones. */
export function brief(value: unknown): string {
  const text = value === undefined ? 'nothing' : begin('', value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 3)}...` : text;
}

/** Appends JSON to a text, up to where it is long enough; each level of nesting makes it longer. */
function begin(text: string, value: unknown): string {
  if (text.length > LONGEST_VALUE) return text;
  if (typeof value === 'string') return text + JSON.stringify(value.slice(0, LONGEST_VALUE));
  if (typeof value !== 'object' || value === null) return text + String(value);
  const isList = Array.isArray(value);
  const items: Iterable<readonly [string, unknown]> = isList
    ? value.slice(0, LONGEST_VALUE).map((item) => ['', item] as const)
    : Object.entries(value).map(([key, item]) => [`${JSON.stringify(key.slice(0, LONGEST_VALUE))}:`, item] as const);
  let longer = text + (isList ? '[' : '{');
  let separator = '';
  for (const [label, item] of items) {
    if (longer.length > LONGEST_VALUE) return longer;
    longer = begin(longer + separator + label, item);
    separator = ',';
  }
  return longer + (isList ? ']' : '}');
}
