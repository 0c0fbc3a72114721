import { describe, expect, test } from 'vitest';
import { SkipcError } from '../src/diagnostics/error.ts';
import { fromJson, toJson } from '../src/ir/json.ts';
import { parse } from '../src/ir/parse.ts';
import { print } from '../src/ir/print.ts';
import type { Body, Op, Program } from '../src/ir/program.ts';
import { verify } from '../src/ir/verify.ts';
import { opRules } from '../src/ops/rules.ts';

const TEXT = `skipc-ir 1
program p of "m"

input  %x: f32[?,?x.1,3]
input  %h: f32[?,3]
weight @r/scale: f32[3] #0

suffix
  %h_end: f32[?,3], %all: f32[?,?x.1,3] = scan %x, %h, @r/scale {sequences=1, carried=1, reverse=true}  ; r
    step %x_t: f32[?,3], %h_t: f32[?,3]
    %sum: f32[?,3] = add %x_t, %h_t  ; r
    %times: f32[?,3] = mul %sum, @r/scale  ; r
    yield %sum, %times

output all = %all
output h = %h_end
`;

/** The program with a part of its text replaced. */
const changed = (from: string, to: string): Program => {
  expect(TEXT).toContain(from);
  return parse(TEXT.replaceAll(from, to));
};

function survives(program: Program): void {
  expect(parse(print(program))).toEqual(program);
  expect(fromJson(JSON.parse(JSON.stringify(toJson(program))))).toEqual(program);
}

describe('a loop with a body', () => {
  test('prints, parses and goes through JSON', () => {
    const program = parse(TEXT);
    expect(verify(program, opRules)).toBeNull();
    expect(print(program)).toBe(TEXT);
    survives(program);
  });

  test('may yield what it is given, and have no op', () => {
    const text = TEXT.replace(/ {4}%(sum|times).*\n/g, '').replace('yield %sum, %times', 'yield %h_t, @r/scale');
    expect(verify(parse(text), opRules)).toMatch(/%all is declared/);
    const same = text.replace('@r/scale\n\noutput', '%x_t\n\noutput');
    expect(verify(parse(same), opRules)).toBeNull();
    survives(parse(same));
  });

  test.each(['a b', 'step', 'yield', '"', '%', 'a\nb', '__proto__', '', '; r', 'a: f32[]', '層'])('whose values are called %j', (name) => {
    const program = parse(TEXT);
    const op = program.ops[0] as Op;
    const rename = (value: string): string => (value === '%sum' ? `%${name}` : value);
    const body = op.body as Body;
    survives({
      ...program,
      ops: [
        {
          ...op,
          body: {
            params: body.params.map((param) => ({ ...param, name: `${param.name}${name}` })),
            ops: body.ops.map((inner) => ({
              ...inner,
              operands: inner.operands.map(rename),
              results: inner.results.map((result) => ({ ...result, name: rename(result.name) })),
              layers: [name],
            })),
            yields: body.yields.map(rename),
          },
        },
      ],
    });
  });
});

describe('is refused where', () => {
  test.each<[string, Program, RegExp]>([
    [
      'the body reads what is no operand',
      changed('scan %x, %h, @r/scale', 'scan %x, %h'),
      /uses @r\/scale, which is neither in it nor an operand/,
    ],
    ['the body yields what there is not', changed('yield %sum, %times', 'yield %sum, %other'), /yields %other, which is neither/],
    ['it yields too little', changed('yield %sum, %times', 'yield %sum'), /gives 1 results, not 2/],
    ['it carries on another shape', changed('yield %sum, %times', 'yield @r/scale, %times'), /a scan carries on/],
    ['what it collects has another type', changed('%all: f32[?,?x.1,3]', '%all: f32[?,?x.1,4]'), /%all is declared/],
    ['a parameter is not the slice', changed('step %x_t: f32[?,3]', 'step %x_t: f32[?,4]'), /the step of a scan takes|add/],
    ['a name of the body is one outside', changed('%sum: f32', '%x: f32'), /%x is defined twice/],
    ['a parameter has the name of an input', changed('step %x_t', 'step %h'), /%h is defined twice/],
    ['a name stands twice in the body', changed('%times: f32', '%sum: f32'), /%sum is defined twice/],
    ['a value is used before it is made', changed('add %x_t, %h_t', 'add %x_t, %times'), /uses %times, which is neither/],
    ['what is outside reads a value of the body', changed('output all = %all', 'output all = %sum'), /%sum, which is not defined/],
    ['there are fewer operands than it goes over', changed('sequences=1', 'sequences=4'), /a scan/],
    ['the body is missing', withoutBody(), /scan has no body/],
    ['another op has a body', onAnotherOp(), /relu takes no body/],
  ])('%s', (_, program, why) => {
    expect(verify(program, opRules)).toMatch(why);
  });

  test('two loops have a name in common', () => {
    const program = parse(TEXT);
    const op = program.ops[0] as Op;
    const again = op.results.map(({ name, type }) => ({ name: `${name}~2`, type }));
    expect(verify({ ...program, ops: [op, { ...op, results: again }] }, opRules)).toMatch(/defined twice/);
  });

  test.each([
    ['a step without parameters', TEXT.replace(/ {4}step.*\n/, '    step\n')],
    ['no yield', TEXT.replace(/ {4}yield.*\n/, '')],
    ['a step outside of a loop', TEXT.replace(/ {2}%h_end.*\n/, '')],
  ])('text has %s', (_, text) => {
    expect(() => parse(text)).toThrow(SkipcError);
  });
});

function withoutBody(): Program {
  const program = parse(TEXT);
  const { body: _, ...op } = program.ops[0] as Op;
  return { ...program, ops: [op] };
}

function onAnotherOp(): Program {
  const program = parse(TEXT);
  const op = program.ops[0] as Op;
  return { ...program, ops: [{ ...op, op: 'relu', operands: ['%x'], attrs: {}, body: { params: [], ops: [], yields: ['%x'] } }] };
}
