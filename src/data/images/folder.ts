import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../diagnostics/error.ts';
import { statOf } from '../files.ts';
import { byCodePoint } from '../order.ts';

/** The images of a folder, in the order of keras.utils.image_dataset_from_directory without shuffling. */
export interface ImageFolder {
  /** Relative to the folder, with slashes. */
  readonly paths: readonly string[];
  /** The class of each; null where labels come from elsewhere. */
  readonly indices: Int32Array | null;
  /** The classes in order; null without `indices`. */
  readonly classes: readonly string[] | null;
  /** Files that are no images, and what else was left out. */
  readonly ignored: number;
}

const IMAGE = /\.(?:bmp|gif|jpe?g|png)$/i;

/**
 * Finds the images of a folder. Sub-folders are its classes, unless labels come from elsewhere: then all below it counts. As Keras does,
 * it follows links to files and classes, not links to folders further down, and leaves out classes that begin with a dot.
 * @param listed the classes that there are, in their order; null for all sub-folders as Python sorts them
 * @throws SkipcError `data-empty`, `data-class-unlisted`, `data-unreadable`
 */
export function imageFolder(folder: string, hasLabels: boolean, listed: readonly string[] | null): ImageFolder {
  let ignored = 0;
  const isFolder = (entry: Dirent): boolean =>
    entry.isDirectory() || (entry.isSymbolicLink() && statOf(join(folder, entry.name))?.isDirectory() === true);
  if (hasLabels) {
    const found = filesBelow(folder, '');
    if (found.paths.length === 0) fail('data-empty', { what: `the folder ${JSON.stringify(folder)}` });
    return { ...found, indices: null, classes: null };
  }
  const entries = list(folder);
  const names = entries.filter((entry) => !entry.name.startsWith('.') && isFolder(entry)).map(({ name }) => name);
  ignored += entries.length - names.length;
  const unlisted = names.find((name) => listed !== null && !listed.includes(name));
  if (unlisted !== undefined && listed !== null) {
    fail('data-class-unlisted', { name: unlisted, what: `the folder ${JSON.stringify(folder)}`, classes: listed });
  }
  const classes = listed ?? [...names].sort(byCodePoint);
  const there = new Set(names);
  const paths: string[] = [];
  const indices: number[] = [];
  classes.forEach((name, index) => {
    if (!there.has(name)) return;
    const found = filesBelow(folder, name);
    ignored += found.ignored;
    for (const path of found.paths) {
      paths.push(path);
      indices.push(index);
    }
  });
  if (paths.length === 0) fail('data-empty', { what: `the folder ${JSON.stringify(folder)}` });
  return { paths, indices: Int32Array.from(indices), classes, ignored };
}

/** Images in a folder and the real folders below it: folder by folder in the order of their paths, then by name. */
function filesBelow(root: string, start: string): { readonly paths: readonly string[]; readonly ignored: number } {
  const folders = new Map<string, readonly string[]>();
  let ignored = 0;
  for (const pending = [start]; pending.length > 0; ) {
    const here = pending.pop() as string;
    const within = (name: string): string => (here === '' ? name : `${here}/${name}`);
    const images: string[] = [];
    for (const entry of list(join(root, here))) {
      if (entry.isDirectory()) pending.push(within(entry.name));
      else if (IMAGE.test(entry.name) && isFile(join(root, here), entry)) images.push(entry.name);
      else ignored++;
    }
    folders.set(here, images.sort(byCodePoint));
  }
  const paths: string[] = [];
  for (const folder of [...folders.keys()].sort(byCodePoint)) {
    for (const name of folders.get(folder) ?? []) paths.push(folder === '' ? name : `${folder}/${name}`);
  }
  return { paths, ignored };
}

/** A link may lead to a file; a pipe would be waited for without end. */
const isFile = (folder: string, entry: Dirent): boolean =>
  entry.isFile() || (entry.isSymbolicLink() && statOf(join(folder, entry.name))?.isFile() === true);

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    return fail('data-unreadable', { path: folder, why: (error as Error).message });
  }
}
