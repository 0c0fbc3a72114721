import { describe, expect, test } from 'vitest';
import { SkipcError } from '../src/diagnostics/error.ts';
import { fromJson, toJson } from '../src/ir/json.ts';
import { parse } from '../src/ir/parse.ts';
import { print } from '../src/ir/print.ts';
import type { AttrValue, Op, Program } from '../src/ir/program.ts';
import type { TensorType } from '../src/ir/types.ts';

/** Names a hostile or merely odd model may have. */
const NAMES = [
  'dense',
  '',
  ' ',
  'a b',
  'a"b',
  "a'b",
  'a\\',
  '\\"',
  'a\nb',
  'a\r\nb',
  '\t',
  '\u0000',
  '\u2028',
  '\ud800',
  '%',
  '@',
  '%x',
  '@w/kernel',
  '+',
  'a + b',
  '-',
  '~',
  '.',
  '/',
  'a/b/c',
  'layer:1',
  ':',
  ':a',
  'a:',
  'a::b',
  'f32[1]',
  ';',
  '; x',
  '=',
  ',',
  '{',
  '}',
  '[',
  '"',
  '# x',
  '__proto__',
  'constructor',
  'toString',
  'frozen',
  'as',
  'of',
  'input',
  'program',
  'load',
  'true',
  'NaN',
  'Infinity',
  '0',
  '-0',
  '1e5',
  'ünïcødé',
  '層',
  '👩‍👩‍👧',
  'x*4',
  '?',
  '?*4',
  'a'.repeat(5000),
];

const F32: TensorType = { dtype: 'f32', shape: [] };

const op = (attrs: Op['attrs'], more: Partial<Op> = {}): Op => ({
  op: 'relu',
  operands: ['%x'],
  attrs,
  results: [{ name: '%y', type: F32 }],
  stage: 'suffix',
  layers: ['y'],
  ...more,
});

const program = (more: Partial<Program> = {}): Program => ({
  name: 'p',
  model: 'm',
  inputs: [{ name: '%x', key: 'x', type: F32 }],
  weights: [],
  ops: [],
  outputs: [{ key: 'x', value: '%x' }],
  cuts: [],
  features: null,
  ...more,
});

/** Text and JSON give back what they were given; `toEqual` tells -0 from 0. */
function survives(original: Program): void {
  const text = print(original);
  expect(parse(text)).toEqual(original);
  expect(print(parse(text))).toBe(text);
  expect(parse(text.replaceAll('\n', '\r\n'))).toEqual(original);
  expect(fromJson(JSON.parse(JSON.stringify(toJson(original))))).toEqual(original);
}

describe('names', () => {
  test.each(NAMES)('%j wherever a name may stand', (name) => {
    survives(
      program({
        name,
        model: name,
        inputs: [
          { name: `%${name}`, key: name, type: F32 },
          { name: '%in', key: name, type: F32 },
          { name: `%2${name}`, key: 'in', type: F32 },
        ],
        weights: [
          { name: `@${name}`, type: F32, layer: name, variable: name, position: 3, frozen: false },
          { name: `@w${name}`, type: F32, layer: name, variable: 'frozen', position: 0, frozen: true },
        ],
        ops: [
          op(
            { text: name, list: [name, [name]] },
            {
              operands: [`%${name}`, `@${name}`],
              results: [
                { name: `%r${name}`, type: F32 },
                { name: `%${name}r`, type: F32 },
              ],
              layers: [name, 'between', name],
            },
          ),
        ],
        outputs: [
          { key: name, value: `%${name}` },
          { key: 'w', value: `@${name}` },
        ],
        cuts: [{ key: name, value: `%${name}` }],
        features: [{ key: name, value: `%r${name}` }],
      }),
    );
  });
});

describe('types', () => {
  test.each(['f32', 'i32', 'bool', 'str'] as const)('%s', (dtype) => {
    survives(program({ inputs: [{ name: '%x', key: 'x', type: { dtype, shape: [0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER, 1e21] } }] }));
  });

  test.each([
    '?',
    '?*4',
    '?*0',
    '?*12',
    '?image.1',
    '?image.1*4',
    '?layer:1.2',
    '?a b.1*3',
    '?"q".1',
    '?a*4.1',
    '?a*4.1*4',
    '?\n.0',
    '?層.1',
  ])('the symbol %j', (dim) => survives(program({ inputs: [{ name: '%x', key: 'x', type: { dtype: 'f32', shape: [dim, 3, dim] } }] })));
});

describe('attributes', () => {
  const VALUES: readonly AttrValue[] = [
    true,
    false,
    null,
    0,
    -0,
    1,
    -1.5,
    1e21,
    1e-7,
    -1.234567890123456e-300,
    5e-324,
    Number.MAX_VALUE,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    [],
    [[]],
    [[], [[]]],
    [-0, Number.NaN, [Number.NEGATIVE_INFINITY, 'NaN', '-0']],
    '',
    'same',
    'NaN',
    'NaNny',
    'Infinity',
    'Infinity1',
    '-Infinity',
    'true',
    'false',
    'null',
    'nullable',
    '-0',
    '12',
    '1e5',
    '#',
    '#NaN',
    '##NaN',
    '#-0',
    'a b',
    '[1]',
    '__proto__',
  ];
  test.each(VALUES.map((value) => [value]))('%j', (value) => survives(program({ ops: [op({ value, again: [value] })] })));

  test('are kept apart in JSON', () => {
    expect(toJson(program({ ops: [op({ a: Number.NaN, b: '#NaN', c: -0, d: '-0' })] })).ops[0]?.attrs).toEqual({
      a: '#NaN',
      b: '##NaN',
      c: '#-0',
      d: '-0',
    });
  });
});

describe('stages', () => {
  test('of several ops', () => {
    const result = (name: string) => ({ results: [{ name, type: F32 }] });
    survives(
      program({
        ops: [
          op({}, { ...result('%a'), stage: 'load', operands: [] }),
          op({}, { ...result('%b'), stage: 'load' }),
          op({}, { ...result('%c'), stage: 'prefix' }),
          op({}, { ...result('%d'), stage: 'suffix' }),
        ],
        features: [{ key: 'c', value: '%c' }],
      }),
    );
  });
});

const errorOf = (work: () => unknown): SkipcError => {
  try {
    work();
  } catch (error) {
    if (error instanceof SkipcError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('text that is no program', () => {
  const HEAD = 'skipc-ir 1\nprogram p of "m"\n';
  test.each([
    ['', 1, 1],
    ['skipc-ir 2\n', 1, 10],
    ['skipc-ir 12\n', 1, 11],
    ['skipc-ir 1\n', 2, 1],
    ['skipc-ir 1\n\ninput %x: f32[]\n', 3, 1],
    ['skipc-ir 1\nprogram p of', 2, 13],
    ['skipc-ir 1\nprogram p of "m', 2, 14],
    ['skipc-ir 1\nprogram p of "\\u12"', 2, 14],
    ['skipc-ir 1\nprogram p of "m" x', 2, 18],
    [`${HEAD}program p of "m"`, 3, 1],
    [`${HEAD}nonsense`, 3, 1],
    [`${HEAD}input @x: f32[]`, 3, 8],
    [`${HEAD}input %x f32[]`, 3, 10],
    [`${HEAD}input %x: f64[]`, 3, 14],
    [`${HEAD}input %x: f32[`, 3, 15],
    [`${HEAD}input %x: f32[1.5]`, 3, 16],
    [`${HEAD}input %x: f32[-1]`, 3, 15],
    [`${HEAD}input %x: f32[NaN]`, 3, 15],
    [`${HEAD}input %x: f32[?*1]`, 3, 16],
    [`${HEAD}input %x: f32[?*04]`, 3, 16],
    [`${HEAD}weight @w: f32[] = d kernel x`, 3, 29],
    [`${HEAD}weight @w: f32[] = d kernel #0 thawed`, 3, 32],
    [`${HEAD}output x %x`, 3, 10],
    [`${HEAD}suffix \n`, 3, 1],
    [`${HEAD}\nsuffix\n  %y: f32[] = relu %x`, 5, 22],
    [`${HEAD}\nsuffix\n  %y: f32[] = relu %x {a}  ; y`, 5, 25],
    [`${HEAD}\nsuffix\n  %y: f32[] = relu %x {a=}  ; y`, 5, 26],
    [`${HEAD}\nsuffix\n  %y: f32[] = relu %x {a=1, a=2}  ; y`, 5, 29],
    [`${HEAD}\nsuffix\n  %y: f32[] = relu %x {__proto__=1}  ; y`, 5, 24],
    [`${HEAD}\nsuffix\n  %y: f32[] = relu %x {a=12b}  ; y`, 5, 26],
    [`${HEAD}\nsuffix\n  %y: f32[] = relu %x {a=[1,]}  ; y`, 5, 29],
    [`${HEAD}\nsuffix\n  %y: f32[] = relu %x,  ; y`, 5, 25],
    [`${HEAD}\nsuffix\n  %y: f32[] = relu %x  ; y z`, 5, 28],
  ])('%j: line %i, column %i', (text, line, column) => {
    const error = errorOf(() => parse(text));
    expect(error.code).toBe('ir-syntax');
    expect(error.message).toContain(`line ${line}, column ${column}:`);
  });

  test.each([
    ['one long word', 'a'.repeat(1_000_000)],
    ['open lists', `  %y: f32[] = relu {a=${'['.repeat(1_000_000)}`],
    ['an open string', `  %y: f32[] = relu {a="${'\\"'.repeat(500_000)}`],
    ['spaces', `  %y: f32[] = relu ${' '.repeat(1_000_000)}`],
    ['quotes', '"'.repeat(1_000_000)],
    ['factors', `input %x: f32[?${'*4'.repeat(500_000)}`],
    ['numbers', `  %y: f32[] = relu {a=${'1'.repeat(1_000_000)}x`],
    ['colons', `input %${'a:'.repeat(500_000)}`],
    ['many attributes', `  %y: f32[] = relu {${Array.from({ length: 100_000 }, (_, i) => `a${i}=1`).join(', ')}`],
  ])('a line of a megabyte: %s', (_, line) => {
    expect(errorOf(() => parse(`${HEAD}${line}`)).code).toBe('ir-syntax');
  });
});

test('a line of a megabyte that is right is read', () => {
  const long = 'x'.repeat(1_000_000);
  survives(program({ model: `"${long}`, ops: [op({ values: Array.from({ length: 100_000 }, (_, i) => i / 7) })] }));
});

describe('JSON that is no program', () => {
  const valid = JSON.stringify(toJson(program({ ops: [op({ a: 1 })] })));
  const broken = (change: (json: Record<string, never>) => unknown): unknown => {
    const json = JSON.parse(valid) as Record<string, never>;
    return change(json) ?? json;
  };
  test.each<[string, unknown, string]>([
    ['null', null, ''],
    ['a list', [], ''],
    ['another version', broken((json) => ({ ...json, 'skipc-ir': 2 })), '/skipc-ir'],
    ['no version', broken(({ 'skipc-ir': _, ...json }) => json), ''],
    ['an unknown property', broken((json) => ({ ...json, more: 1 })), ''],
    ['an unknown dtype', JSON.parse(valid.replace('"f32"', '"f64"')), '/inputs/0/type/dtype'],
    ['a size below zero', JSON.parse(valid.replace('"shape":[]', '"shape":[-1]')), '/inputs/0/type/shape/0'],
    ['a symbol with the factor 1', JSON.parse(valid.replace('"shape":[]', '"shape":["?*1"]')), '/inputs/0/type/shape/0'],
    ['a value without its sigil', JSON.parse(valid.replace('"%x"', '"x"')), '/inputs/0/name'],
    ['an attribute called __proto__', JSON.parse(valid.replace('{"a":1}', '{"__proto__":1}')), '/ops/0/attrs'],
    ['an attribute that is an object', JSON.parse(valid.replace('{"a":1}', '{"a":{}}')), '/ops/0/attrs/a'],
    ['a number that is none', JSON.parse(valid.replace('{"a":1}', '{"a":"#five"}')), ''],
    ['no result', JSON.parse(valid.replace(/"results":\[.*?\}\}\]/, '"results":[]')), '/ops/0/results'],
  ])('%s', (_, value, pointer) => {
    const error = errorOf(() => fromJson(value));
    expect(error.code).toBe('ir-invalid');
    expect(error.location.pointer ?? '').toBe(pointer);
  });

  test('lists a hundred thousand deep', () => {
    const deep = JSON.parse(valid.replace('{"a":1}', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)) as unknown;
    expect(errorOf(() => fromJson(deep)).code).toBe('ir-invalid');
  });
});
