import { expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { cases, modelOf } from './operation-cases.ts';
import { typeErrors } from './type-check.ts';

/** Of each list of operations the first two cases: others differ in numbers. */
const MOST = 2;

it('modules of graph operations type-check', { timeout: 300_000 }, async () => {
  const files = new Map<string, string>();
  const seen = new Map<string, number>();
  for (const item of cases) {
    const names = item.nodes.map(({ class_name }) => class_name).join('_');
    const count = (seen.get(names) ?? 0) + 1;
    seen.set(names, count);
    if (count <= MOST) files.set(`${names}_${count}.ts`, (await compile(modelOf(item))).code);
  }
  expect(files.size).toBeGreaterThan(150);
  expect(typeErrors(files)).toEqual([]);
});
