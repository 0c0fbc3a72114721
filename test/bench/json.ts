/** Numbers carry more digits than they have meaning. */
const DIGITS = 5;

/** JSON whose keys come in one order, whatever order they were set in: two runs can be compared line by line. */
export function stableJson(value: object): string {
  return `${JSON.stringify(value, sorted, 1)}\n`;
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isInteger(value)) return Number(value.toPrecision(DIGITS));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
