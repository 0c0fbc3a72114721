import { type Dirent, existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isArrayName, isLeft, isRecordName, isSetName, isTemporary, MANIFEST, stemIn } from './names.ts';
import { FORMAT } from './records.ts';
import { MOST_TEXT } from './set.ts';

/**
 * The folders of sets in the folder of a cache. Other things may be there too: it is for whoever named it to say, and none of it is
 * ours to remove.
 * @param known sets that were seen before
 */
export const setsIn = (root: string, known?: ReadonlyMap<string, unknown>): string[] =>
  entriesOf(root)
    .filter((entry) => entry.isDirectory() && isSetName(entry.name))
    .map(({ name }) => name)
    .filter((name) => known?.has(name) || isSet(join(root, name)));

/** A set is known by its manifest; where that is damaged, by a record. */
function isSet(folder: string): boolean {
  if (isOurs(join(folder, MANIFEST))) return true;
  const record = entriesOf(folder).find((entry) => isRecordName(entry.name) && entry.isFile());
  return record !== undefined && isOurs(join(folder, record.name));
}

const isOurs = (path: string): boolean => textAt(path).includes(`"format": "${FORMAT}"`);

/** Removes what processes left that ended while they wrote. What others write at this moment stays. */
export function sweep(root: string): void {
  removeLeft(root, namesIn(root));
  for (const set of setsIn(root)) {
    const folder = join(root, set);
    // Listed once: an array's name is there only after the temporary one of its record.
    const names = namesIn(folder);
    const writing = removeLeft(folder, names);
    for (const [stem, arrays] of arraysByStem(names)) if (!writing.has(stem)) removeUnknown(folder, stem, arrays);
  }
}

/** Removes arrays that the record of their batch does not name. */
function removeUnknown(folder: string, stem: string, arrays: readonly string[]): void {
  const path = join(folder, `${stem}.json`);
  const record = textAt(path);
  if (record === '' && existsSync(path)) return;
  for (const name of arrays) if (!record.includes(JSON.stringify(name))) attempt(() => rmSync(join(folder, name)));
}

/** Removes temporary files and folders whose process is gone; gives the batches of those that stay. */
function removeLeft(folder: string, names: readonly string[]): ReadonlySet<string> {
  const writing = new Set<string>();
  for (const name of names.filter(isTemporary)) {
    const path = join(folder, name);
    const age = Date.now() - (attempt(() => lstatSync(path).mtimeMs) ?? Date.now());
    if (isLeft(name, age)) attempt(() => rmSync(path, { recursive: true, force: true }));
    else writing.add(stemIn(name));
  }
  return writing;
}

function arraysByStem(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const arrays = new Map<string, string[]>();
  for (const name of names.filter(isArrayName)) {
    const stem = stemIn(name);
    arrays.set(stem, [...(arrays.get(stem) ?? []), name]);
  }
  return arrays;
}

function textAt(path: string): string {
  const read = (): string => {
    const found = lstatSync(path);
    return found.isFile() && found.size <= MOST_TEXT ? readFileSync(path, 'utf8') : '';
  };
  return attempt(read) ?? '';
}

const namesIn = (folder: string): readonly string[] => entriesOf(folder).map(({ name }) => name);

const entriesOf = (folder: string): readonly Dirent[] => attempt(() => readdirSync(folder, { withFileTypes: true })) ?? [];

/** Another process may be faster, or what lies there may not be ours: then it stays. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
