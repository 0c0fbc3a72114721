import type { NodeData } from './data.ts';

/** What bars show. */
export type Metric = 'flops' | 'parameters' | 'milliseconds';

const STEPS: readonly (readonly [number, string])[] = [
  [1e12, ' T'],
  [1e9, ' G'],
  [1e6, ' M'],
  [1e3, ' k'],
];

/** A number with three digits: `47.1 k`. */
export function amount(value: number): string {
  const [size, prefix] = STEPS.find(([size]) => value >= size) ?? [1, ''];
  const scaled = value / size;
  const digits = Number.isInteger(scaled) || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
  return scaled.toFixed(digits) + prefix;
}

export const time = (milliseconds: number): string =>
  milliseconds >= 999.5
    ? `${(milliseconds / 1000).toFixed(2)} s`
    : milliseconds >= 0.9995
      ? `${milliseconds.toPrecision(3)} ms`
      : `${amount(milliseconds * 1000)} \u00b5s`;

export const amountOf = (node: NodeData, metric: Metric): number => node[metric] ?? 0;

/** As a bar's label: nothing for nothing. */
export function label(node: NodeData, metric: Metric): string {
  const value = amountOf(node, metric);
  return value === 0 ? '' : metric === 'milliseconds' ? time(value) : metric === 'parameters' ? `${amount(value)} params` : amount(value);
}
