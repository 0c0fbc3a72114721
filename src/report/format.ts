const STEPS: readonly (readonly [number, string])[] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** A count with three digits and an SI prefix: `47.1 k`. */
export function count(value: number): string {
  const [size, prefix] = STEPS.find(([size]) => value >= size) ?? [1, ''];
  const scaled = value / size;
  const digits = size === 1 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
  return `${scaled.toFixed(Number.isInteger(scaled) ? 0 : digits)}${prefix === '' ? '' : ` ${prefix}`}`;
}

/** A number of bytes: `188 kB`. */
export const byteCount = (value: number): string => (value >= 1000 ? `${count(value)}B` : `${value} B`);

/** A part of a whole in percent; never 0 % or 100 % of what is merely near it. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const value = (100 * part) / whole;
  if (value > 0 && value < 1) return '<1 %';
  if (value > 99 && value < 100) return '>99 %';
  return `${Math.round(value)} %`;
}
