import { fail, SkipcError } from '../diagnostics/error.ts';
import {
  array,
  boolean,
  described,
  either,
  integer,
  nullable,
  object,
  oneOf,
  optional,
  record,
  type Schema,
  string,
} from '../schema/build.ts';
import { validate } from '../schema/validate.ts';
import { type Attrs, type AttrValue, type BodyOp, DEEPEST_LIST, HASH, type Op, type Program } from './program.ts';

/**
 * The JSON form of a program: itself, beside `"skipc-ir": 1`. Only attributes need more than JSON has. The numbers that JSON
 * cannot hold are the strings `#NaN`, `#Infinity`, `#-Infinity` and `#-0`; a string that begins with `#` has another `#`
 * before it.
 */
export interface ProgramJson extends Program {
  readonly 'skipc-ir': 1;
}

const matching = (pattern: string): Schema<string> => ({ type: 'string', pattern });

/** A size, or a symbol: `?`, what it is called, and a factor, which is never 1 and has no leading zero. */
const dim = either(integer({ minimum: 0 }), matching('^\\?(?![\\s\\S]*\\*(?:1|0\\d+)$)'));
const type = object({ dtype: oneOf('f32', 'i32', 'bool', 'str'), shape: array(dim) }, { additionalProperties: false });
const output = object({ key: string, value: matching('^[%@]'), only: optional(oneOf('evaluate')) }, { additionalProperties: false });
const word = matching('^[A-Za-z][A-Za-z0-9_]*$');
const stage = oneOf('load', 'prefix', 'suffix');

const scalar = { type: ['string', 'number', 'boolean', 'null'] } as Schema<AttrValue>;
/** Lists nest so deep and no deeper: a schema that referred to itself would follow a hostile file down the stack. */
const attrValue = Array.from({ length: DEEPEST_LIST }).reduce<Schema<AttrValue>>((inner) => either(scalar, array(inner)), scalar);

/** What an input or a feature that is left out is made of: all true, or zeros. */
const fill = integer({ minimum: 0, maximum: 1 });
const value = object({ name: matching('^%'), type }, { additionalProperties: false });
const bodyOp = {
  op: word,
  operands: array(matching('^[%@]')),
  attrs: { ...record(attrValue), propertyNames: word } as Schema<Attrs>,
  results: array(value, { minItems: 1 }),
  layers: array(string, { minItems: 1 }),
};

const feature = object({ key: string, value: matching('^[%@]'), fill: optional(fill) }, { additionalProperties: false });

/** JSON Schema of a program. */
export const programSchema: Schema<ProgramJson> = object(
  {
    'skipc-ir': oneOf(1),
    name: string,
    model: string,
    inputs: array(object({ name: matching('^%'), type, key: string, fill: optional(fill) }, { additionalProperties: false })),
    weights: array(
      object(
        {
          name: matching('^@'),
          type,
          layer: string,
          variable: string,
          position: integer({ minimum: 0 }),
          frozen: boolean,
          hash: optional(described(matching(`^${HASH}$`), 'of its values: the first 16 hex digits of a SHA-256')),
        },
        { additionalProperties: false },
      ),
    ),
    ops: array(
      object(
        {
          ...bodyOp,
          stage,
          body: optional(
            object(
              { params: array(value), ops: array(object(bodyOp, { additionalProperties: false })), yields: array(matching('^[%@]')) },
              { additionalProperties: false },
            ),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    outputs: array(output),
    cuts: array(feature),
    features: nullable(array(feature)),
  },
  { additionalProperties: false },
);

/** The JSON form of a program; `JSON.stringify` of it loses nothing. */
export function toJson(program: Program): ProgramJson {
  return { 'skipc-ir': 1, ...program, ops: mapOps(program.ops, encode) };
}

/**
 * The program of a JSON form: its form alone, which `verify` goes on from.
 * @param value as `JSON.parse` gives it; it is not changed
 * @throws SkipcError `ir-invalid` naming the JSON pointer
 */
export function fromJson(value: unknown): Program {
  const { 'skipc-ir': _, ...program } = check(value);
  return { ...program, ops: mapOps(program.ops, decode) };
}

function mapOps(ops: readonly Op[], replace: (value: AttrValue) => AttrValue): Op[] {
  const mapped = <T extends BodyOp>(op: T): T => ({ ...op, attrs: mapAttrs(op.attrs, replace) });
  return ops.map((op) => ({ ...mapped(op), ...(op.body === undefined ? {} : { body: { ...op.body, ops: op.body.ops.map(mapped) } }) }));
}

function check(value: unknown): ProgramJson {
  try {
    return validate(programSchema, value, { pointer: '' });
  } catch (error) {
    if (!(error instanceof SkipcError)) throw error;
    return fail('ir-invalid', { what: error.message }, error.location);
  }
}

const UNWRITABLE: ReadonlyMap<string, number> = new Map([
  ['#NaN', Number.NaN],
  ['#Infinity', Number.POSITIVE_INFINITY],
  ['#-Infinity', Number.NEGATIVE_INFINITY],
  ['#-0', -0],
]);

function encode(value: AttrValue): AttrValue {
  if (typeof value === 'number') return Object.is(value, -0) ? '#-0' : Number.isFinite(value) ? value : `#${value}`;
  return typeof value === 'string' && value.startsWith('#') ? `#${value}` : value;
}

function decode(value: AttrValue): AttrValue {
  if (typeof value !== 'string' || !value.startsWith('#')) return value;
  if (value.startsWith('##')) return value.slice(1);
  return UNWRITABLE.get(value) ?? fail('ir-invalid', { what: `${JSON.stringify(value)} is no number` });
}

/** Attributes with each string, number, truth value and null in them replaced. */
function mapAttrs(attrs: Attrs, replace: (value: AttrValue) => AttrValue): Attrs {
  const map = (value: AttrValue): AttrValue => (Array.isArray(value) ? (value as readonly AttrValue[]).map(map) : replace(value));
  return Object.fromEntries(Object.entries(attrs).map(([name, value]) => [name, map(value)]));
}
