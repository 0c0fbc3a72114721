import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SkipcError } from '../src/diagnostics/error.ts';
import { fromJson, toJson } from '../src/ir/json.ts';
import { parse } from '../src/ir/parse.ts';
import { print } from '../src/ir/print.ts';
import type { Program } from '../src/ir/program.ts';
import { verify } from '../src/ir/verify.ts';
import { opRules } from '../src/ops/rules.ts';
import type { RefusedRewrite } from '../src/rewrite/pass.ts';
import { pipeline } from '../src/rewrite/pipeline.ts';
import { type FileCase, fileTests, fileText } from './filetest.ts';

const BLESS = process.env['SKIPC_BLESS'] === '1';

function passOf(name: string) {
  const pass = pipeline.find((pass) => pass.name === name);
  if (pass === undefined) throw new Error(`there is no pass ${name}`);
  return pass;
}

/** The program, after checking that it is valid and that text and JSON both hold all of it. */
function checked(program: Program): Program {
  expect(verify(program, opRules)).toBeNull();
  expect(parse(print(program))).toEqual(program);
  expect(fromJson(JSON.parse(JSON.stringify(toJson(program))))).toEqual(program);
  return program;
}

/** What a case's part behind `--- after` ought to be. */
function outcome(pass: string, { before, hoist, backend }: FileCase): string {
  const program = checked(parse(before));
  expect(print(program)).toBe(before);
  let result: Program;
  const refusals: RefusedRewrite[] = [];
  try {
    result = passOf(pass).run(program, { hoist, backend, refusals });
  } catch (error) {
    if (error instanceof SkipcError) return `error ${error.code}\n`;
    throw error;
  }
  expect(parse(before), 'the pass changed the program it was given').toEqual(program);
  if (result !== program) return print(checked(result));
  return ['unchanged', ...refusals.map(({ rule, value, why }) => `${rule} at ${value}: ${why}`), ''].join('\n');
}

const files = fileTests();

describe.each(files)('$path', ({ path, pass, cases }) => {
  if (BLESS) {
    test('is rewritten', () => {
      writeFileSync(path, fileText(cases.map((entry) => ({ ...entry, after: outcome(pass, entry) }))));
    });
    return;
  }
  test.each(cases)('$title', (entry) => expect(outcome(pass, entry)).toBe(entry.after));
});

test('every pass has a folder of cases, with programs it changes and programs it does not', () => {
  for (const { name } of pipeline.filter(({ name }) => !name.endsWith('-again'))) {
    const outcomes = files.filter(({ pass }) => pass === name).flatMap(({ cases }) => cases.map(({ after }) => after));
    expect(outcomes.some((after) => after.startsWith('skipc-ir'))).toBe(true);
    expect(outcomes.some((after) => !after.startsWith('skipc-ir'))).toBe(true);
  }
});
