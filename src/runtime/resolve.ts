/** Which stored weight is which variable of the model, by name. The compiler and the modules it writes share these rules. */

/** `name` is `<layer path>/<variable>`, nested models' names before; `position` counts among the layer's weights. */
export type Variable = readonly [name: string, position: number, shape: readonly number[], dtype: 'float32' | 'int32' | 'bool'];

/** A weight that a file, a map of tensors or a live model has, under the name it has there. */
export interface Available {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A stored name that may be a variable's. The first number that differs between two tells which is better: the smaller. */
interface NameMatch {
  readonly index: number;
  /** Segments of the variable's path that the name lacks: models around the layer that go by another name, or by none. */
  readonly lacking: number;
  /** 1 for `kernel_1` where `kernel` is wanted: the number TensorFlow appends to a name that was taken. */
  readonly numbered: number;
  /** Segments of the stored name that the path lacks: a cell's scope, other models. */
  readonly extra: number;
  /** 0 for the variable's own name, else which of its other names. */
  readonly alias: number;
}

/**
 * Finds each wanted variable among the weights there are: by its exact name, a trailing `:0` aside; else under its layer's name
 * with other scopes around it or between, where one fits better than all others; else by its position in its layer.
 * @returns an index into `available` for each of `wanted`
 * @throws Error naming the variable where it is missing, has another shape, or could be several weights
 */
export function resolveVariables(wanted: readonly Variable[], available: readonly Available[]): number[] {
  const paths = available.map(({ name }) => name.replace(/:0$/, '').split('/'));
  const byName = new Map<string, number[]>();
  const bySegment = new Map<string, number[]>();
  const add = (index: Map<string, number[]>, key: string, item: number): void => {
    const items = index.get(key);
    if (items) items.push(item);
    else index.set(key, [item]);
  };
  paths.forEach((path, i) => {
    add(byName, path.join('/'), i);
    for (const segment of new Set(path.slice(0, -1))) add(bySegment, segment, i);
  });
  const nameOf = (i: number): string => JSON.stringify(available[i]?.name);
  const list = (items: readonly number[]): string => `${items.slice(0, 5).map(nameOf).join(', ')}${items.length > 5 ? ', ...' : ''}`;
  // Some writers make a list of one of a number.
  const fits = (i: number, shape: readonly number[]): boolean =>
    (shape.length === 0 && available[i]?.shape.join() === '1') ||
    (available[i]?.shape.length === shape.length && shape.every((size, axis) => available[i]?.shape[axis] === size));

  const takers = new Map<number, string>();
  const take = (i: number, [name, , shape]: Variable): number => {
    if (!fits(i, shape)) throw new Error(`weight "${name}": ${nameOf(i)} has shape [${available[i]?.shape}], expected [${shape}]`);
    const other = takers.get(i);
    if (other !== undefined && other !== name) throw new Error(`weight "${name}": ${nameOf(i)} would be both this and "${other}"`);
    takers.set(i, name);
    return i;
  };
  const tie = (name: string, items: readonly number[]): Error => new Error(`weight "${name}" could be any of ${list(items)}`);

  // Full names come first, so that no looser match takes what is another variable's by name.
  const named = wanted.map((variable) => {
    const [name, , shape] = variable;
    const same = byName.get(name) ?? [];
    const fitting = same.filter((i) => fits(i, shape));
    if (fitting.length > 1) throw tie(name, fitting);
    const i = fitting[0] ?? same[0];
    return i === undefined ? undefined : take(i, variable);
  });
  const claimed = new Set(takers.keys());
  const variables = new Set(wanted.flatMap((variable) => writtenAs(variable).map((form) => form.at(-1))));
  const count = (segment: string): number => bySegment.get(segment)?.length ?? 0;

  const byScope = (variable: Variable): number | undefined => {
    const [name, , shape] = variable;
    const matches: NameMatch[] = [];
    let least = Number.POSITIVE_INFINITY;
    writtenAs(variable).forEach((form, alias) => {
      const seen = new Set<number>();
      const segments = [...new Set(form.slice(0, -1))].sort((a, b) => count(a) - count(b));
      for (const [k, segment] of segments.entries()) {
        // From the rarest segment on: a name that was not yet seen lacks k of them, and one that fits lacks fewer.
        if (least < k) break;
        for (const i of bySegment.get(segment) ?? []) {
          const match = claimed.has(i) || seen.has(i) ? undefined : matchName(i, paths[i] ?? [], form, alias);
          seen.add(i);
          if (match) matches.push(match);
          if (match && fits(i, shape)) least = Math.min(least, match.lacking);
        }
      }
    });
    matches.sort(compareMatches);
    const [best, second] = matches.filter(({ index }) => fits(index, shape));
    // A name without anything else around it is exact, and its shape must be right.
    const exact = matches.find(({ extra, numbered }) => extra === 0 && numbered === 0);
    if (exact && !fits(exact.index, shape) && (!best || exact.lacking <= best.lacking)) return exact.index;
    if (best && second && compareMatches(best, second) === 0) throw tie(name, [best.index, second.index]);
    return (best ?? matches[0])?.index;
  };

  const byPosition = ([name, position]: Variable): number | undefined => {
    const path = name.split('/').slice(0, -1);
    let most = 1;
    let group: number[] = [];
    for (const i of bySegment.get(path.at(-1) ?? '') ?? []) {
      const shared = sharedSegments(paths[i] ?? [], path);
      if (shared > most) [most, group] = [shared, []];
      if (shared === most) group.push(i);
    }
    const parent = paths[group[0] ?? -1]?.slice(0, -1) ?? [];
    if (group.some((i) => paths[i]?.slice(0, -1).join('/') !== parent.join('/')) || countedByClass(parent, paths)) return undefined;
    const last = (i: number): string => paths[i]?.at(-1) ?? '';
    if (group.every((i) => /^\d+$/.test(last(i)))) return group.find((i) => Number(last(i)) === position);
    // Where one weight has a name that variables go by, the others would have theirs too.
    return group.some((i) => variables.has(withoutNumber(last(i)))) ? undefined : group[position];
  };

  return wanted.map((variable, w) => {
    const i = named[w] ?? byScope(variable) ?? byPosition(variable);
    if (i !== undefined) return take(i, variable);
    const [name] = variable;
    const near = bySegment.get(name.split('/').at(-2) ?? '') ?? [];
    const instead = near.length > 0 ? `near it: ${list(near)}` : `there are ${available.length}: ${list([...available.keys()])}`;
    throw new Error(`weight "${name}" is missing; ${instead}`);
  });
}

/** The names a variable may have, each as its segments; a depthwise kernel goes by two names. */
function writtenAs([name]: Variable): string[][] {
  const path = name.split('/');
  const variable = path.pop() ?? '';
  const twin = variable === 'kernel' ? ['depthwise_kernel'] : variable === 'depthwise_kernel' ? ['kernel'] : [];
  return [variable, ...twin].map((other) => [...path, ...other.split('/')]);
}

function matchName(index: number, stored: readonly string[], form: readonly string[], alias: number): NameMatch | undefined {
  const variable = form.at(-1);
  const last = stored.at(-1) ?? '';
  const shared = last === variable || withoutNumber(last) === variable ? sharedSegments(stored, form.slice(0, -1)) : 0;
  if (shared === 0) return undefined;
  return { index, lacking: form.length - 1 - shared, numbered: last === variable ? 0 : 1, extra: stored.length - 1 - shared, alias };
}

/** How many segments of a layer's path a stored name has before its last, in order; 0 where the layer's own is not there. */
function sharedSegments(stored: readonly string[], path: readonly string[]): number {
  let shared = 0;
  let end = stored.length - 1;
  for (let i = path.length - 1; i >= 0 && end > 0; i--) {
    const at = stored.lastIndexOf(path[i] ?? '', end - 1);
    if (at < 0 && shared === 0) return 0;
    if (at < 0) continue;
    shared++;
    end = at;
  }
  return shared;
}

const withoutNumber = (segment: string): string => segment.replace(/_\d+$/, '');

const compareMatches = (a: NameMatch, b: NameMatch): number =>
  a.lacking - b.lacking || a.numbered - b.numbered || a.extra - b.extra || a.alias - b.alias;

/**
 * True where a Keras 3 file has several layers of one class: there `layers/dense_1/vars` is the second dense layer, whatever its
 * name, and tells nothing about a layer that is called so.
 */
function countedByClass(parent: readonly string[], paths: readonly (readonly string[])[]): boolean {
  return parent.some(
    (segment, at) =>
      parent[at - 1] === 'layers' &&
      parent.at(-1) === 'vars' &&
      paths.some(
        (path) =>
          path[at] !== segment &&
          withoutNumber(path[at] ?? '') === withoutNumber(segment) &&
          path.slice(0, at).join('/') === parent.slice(0, at).join('/'),
      ),
  );
}
