/** An output of the model that a loss or metrics may be meant for. */
export interface Target {
  readonly name: string;
  /** Which of the model's outputs it is, and how many there are. */
  readonly index: number;
  readonly of: number;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** True for one loss or metric: a name, or an object that was serialised. */
const isOne = (value: unknown): boolean => typeof value === 'string' || (isObject(value) && typeof value['class_name'] === 'string');

/**
 * What a loss, or its weight, is for one output: alone it is for all of them; else it is in a list of as many, or under the output's name.
 * @returns null where there is none
 */
export function oneFor(given: unknown, { name, index, of }: Target): unknown {
  if (given === null || given === undefined || isOne(given) || typeof given === 'number') return given ?? null;
  if (Array.isArray(given)) return of === 1 ? oneFor(given.flat(DEEPEST)[0], { name, index, of }) : (given[index] ?? null);
  if (!isObject(given)) return given;
  // One that was renamed since is still the only one.
  const [only] = of === 1 ? Object.values(given) : [];
  return (Object.hasOwn(given, name) ? given[name] : only) ?? null;
}

/**
 * The metrics of one output. A flat list is for every output, as Keras 2 and tfjs take it, but one that Keras 3 could only take as a
 * metric for each.
 */
export function metricsFor(given: unknown, target: Target, keras: number): unknown[] {
  if (given === null || given === undefined) return [];
  if (isOne(given)) return [given];
  if (isObject(given)) {
    const own = target.of === 1 ? Object.values(given) : Object.hasOwn(given, target.name) ? [given[target.name]] : [];
    return leaves(own);
  }
  if (!Array.isArray(given)) return [given];
  const isForEach = target.of > 1 && given.length === target.of && (keras >= 3 || !given.every(isOne));
  return leaves(target.of === 1 || !isForEach ? given : [given[target.index]]);
}

const DEEPEST = 8;

/** Single metrics out of lists of lists. */
const leaves = (list: readonly unknown[]): unknown[] => list.flat(DEEPEST).filter((item) => item !== null && item !== undefined);
