import { expect, test } from 'vitest';
import { suggest } from '../src/diagnostics/suggest.ts';

test('the nearest names, the nearest first, at most three', () => {
  expect(suggest('dense_l', ['conv', 'dense_12', 'Dense_l', 'dense_1', 'dense_2'])).toEqual(['Dense_l', 'dense_1', 'dense_2']);
  expect(suggest('softmax', ['conv', 'pool'])).toEqual([]);
  expect(suggest('x', ['y', 'long name'])).toEqual(['y']);
});

test('very many candidates and very long names are not compared', () => {
  const many = Array.from({ length: 5_001 }, (_, i) => `dense_${i}`);
  expect(suggest('dense_l', many)).toEqual([]);
  expect(suggest('dense_l', many.slice(1))).toHaveLength(3);
  expect(suggest('n'.repeat(201), ['n'.repeat(200)])).toEqual([]);
  expect(suggest('n'.repeat(200), ['n'.repeat(201), 'n'.repeat(199)])).toEqual(['n'.repeat(199)]);
});
