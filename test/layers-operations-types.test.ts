import { expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { cases, modelOf } from './operation-cases.ts';
import { typeErrors } from './type-check.ts';

it('modules of graph operations type-check', { timeout: 300_000 }, async () => {
  const files = new Map<string, string>();
  for (const item of cases) {
    const names = item.nodes.map(({ class_name }) => class_name).join('_');
    files.set(`${names}_${files.size}.ts`, (await compile(modelOf(item))).code);
  }
  expect(files.size).toBe(cases.length);
  expect(typeErrors(files)).toEqual([]);
});
