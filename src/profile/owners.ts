import type { Group } from './groups.ts';

/**
 * Which group of layers each identifier of a module belongs to, by the number of the group. A loop's own variables are its layer's:
 * the sequences taken apart, its states, what it collects.
 * @param identifiers what the module calls each value
 */
export function ownersOf(groups: readonly Group[], identifiers: ReadonlyMap<string, string>): ReadonlyMap<string, number> {
  const byValue = new Map<string, number>();
  groups.forEach(({ ops }, group) => {
    for (const { results, body } of ops) {
      const values = [...results, ...(body?.params ?? []), ...(body?.ops ?? []).flatMap((inner) => inner.results)];
      for (const { name } of values) byValue.set(name, group);
    }
  });
  const owners = new Map<string, number>();
  for (const [value, identifier] of identifiers) {
    const group = byValue.get(value) ?? byValue.get(value.replace(LOOP_VARIABLE, '%$1'));
    if (group !== undefined) owners.set(identifier, group);
  }
  return owners;
}

/** As emission calls what it declares for a loop besides the program's values: `#name.steps`. */
const LOOP_VARIABLE = /^#(.*)\.(?:steps|index)$/s;
