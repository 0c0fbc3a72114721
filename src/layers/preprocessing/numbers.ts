/** Numbers in rows of rows, as a config holds them. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const DEEPEST = 8;

/**
 * A number, nested lists of numbers, or what Keras 3 writes for an array: `{class_name: '__numpy__', config: {value}}`.
 * @returns null where it is none of these, or the lists have no common length
 */
export function numbersOf(value: unknown): Numbers | null {
  const shape: number[] = [];
  let level: readonly unknown[] = [unwrapped(value)];
  while (level.some(Array.isArray)) {
    const rows = level.filter(Array.isArray) as readonly (readonly unknown[])[];
    const length = rows[0]?.length ?? 0;
    if (rows.length !== level.length || shape.length === DEEPEST || rows.some((row) => row.length !== length)) return null;
    shape.push(length);
    level = rows.flat();
  }
  return level.every((item) => typeof item === 'number') ? { shape, values: level as readonly number[] } : null;
}

function unwrapped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { class_name: className, config } = value as { class_name?: unknown; config?: unknown };
  if (className !== '__numpy__' && className !== '__tensor__') return value;
  return typeof config === 'object' && config !== null ? (config as { value?: unknown }).value : value;
}
