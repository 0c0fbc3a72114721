import { lstat, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureKey } from '../../runtime/evaluate/feature-cache.ts';
import { Amiss, inFile, isRefusal } from './amiss.ts';
import { putInPlace, readWhole, remove, writeNew } from './files.ts';
import { MANIFEST, temporaryName } from './names.ts';
import { type Manifest, manifestText, parseManifest, type SetFeature, type ShardFeature } from './records.ts';

/** More than any manifest or record of a batch takes. */
export const MOST_TEXT = 2 ** 24;

export async function readText(path: string): Promise<string> {
  return Buffer.from((await readWhole(path, (size) => size <= MOST_TEXT)).buffer).toString('utf8');
}

/**
 * What the folder of a set says that it holds.
 * @throws Amiss where that is missing, damaged, or another set's
 */
export const readManifest = (folder: string, set: string): Promise<Manifest> =>
  inFile(MANIFEST, async () => parseManifest(await readText(join(folder, MANIFEST)), set));

/** True where a batch's features are of the kind that the set has. */
export const agrees = (manifest: Manifest, features: readonly ShardFeature[]): boolean => {
  const known = new Map(manifest.features.map((feature) => [feature.name, feature]));
  return known.size === features.length && features.every((feature) => isOfKind(known.get(feature.name), feature));
};

function isOfKind(known: SetFeature | undefined, { dtype, shape }: ShardFeature): boolean {
  const sample = shape.slice(1);
  return (
    known?.dtype === dtype &&
    known.shape.length === sample.length &&
    known.shape.every((length, axis) => length === null || length === sample[axis])
  );
}

const freshManifest = ({ set, about }: FeatureKey, features: readonly ShardFeature[]): Manifest => ({
  set,
  about: { ...about },
  features: features.map(kindOf),
});

/** What the manifest takes of a set that has such features. */
export const manifestBytes = (key: FeatureKey, features: readonly ShardFeature[]): number =>
  Buffer.byteLength(manifestText(freshManifest(key, features)));

/**
 * Makes sure that the folder of a set is there, and that its manifest agrees with a batch's features.
 * @param amiss told what is wrong with what was there
 */
export async function prepareSet(
  folder: string,
  key: FeatureKey,
  features: readonly ShardFeature[],
  amiss: (what: string) => void,
): Promise<void> {
  const manifest = freshManifest(key, features);
  const stands = await folderStands(folder);
  if (stands === false) {
    amiss('it is no folder');
    await remove(folder);
  }
  if (stands !== true && (await makeSet(folder, manifest))) return;
  const before = await manifestBefore(folder, key.set, amiss);
  if (before === null || !agrees(before, features)) await writeManifest(folder, before === null ? manifest : joined(before, manifest));
}

/** True for a folder, false for something else (a link to one, too), undefined for nothing. */
export async function folderStands(folder: string): Promise<boolean | undefined> {
  try {
    return (await lstat(folder)).isDirectory();
  } catch (error) {
    if (isRefusal(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function manifestBefore(folder: string, set: string, amiss: (what: string) => void): Promise<Manifest | null> {
  try {
    return await readManifest(folder, set);
  } catch (error) {
    if (!(error instanceof Amiss)) throw error;
    amiss(error.message);
    return null;
  }
}

/** Makes the folder under another name, with its manifest. False where another process was faster. */
async function makeSet(folder: string, manifest: Manifest): Promise<boolean> {
  const temporary = temporaryName(folder);
  try {
    await mkdir(temporary);
    await writeNew(join(temporary, MANIFEST), [manifestText(manifest)]);
    await rename(temporary, folder);
    return true;
  } catch (error) {
    if (isRefusal(error, 'ENOTEMPTY', 'EEXIST', 'EPERM') && (await folderStands(folder)) === true) return false;
    throw error;
  } finally {
    await remove(temporary);
  }
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const temporary = temporaryName(join(folder, MANIFEST));
  try {
    await writeNew(temporary, [manifestText(manifest)]);
    await putInPlace(temporary, join(folder, MANIFEST));
  } finally {
    await remove(temporary);
  }
}

const kindOf = ({ name, dtype, shape }: ShardFeature): SetFeature => ({ name, dtype, shape: shape.slice(1) });

/** The later manifest, where both have the same features with lengths left open in which they differ. */
function joined(before: Manifest, after: Manifest): Manifest {
  const known = new Map(before.features.map((feature) => [feature.name, feature]));
  const features = after.features.map((feature) => {
    const earlier = known.get(feature.name);
    if (earlier?.dtype !== feature.dtype || earlier.shape.length !== feature.shape.length) return feature;
    return { ...feature, shape: feature.shape.map((length, axis) => (earlier.shape[axis] === length ? length : null)) };
  });
  return { ...after, features };
}

/** Removes the folder of a set in which no batch is left. What another process puts there at this moment stays. */
export async function removeEmptySet(folder: string): Promise<void> {
  if (!(await isEmptySet(folder))) return;
  const aside = temporaryName(folder);
  await rename(folder, aside);
  if (!(await isEmptySet(aside))) await rename(aside, folder).catch(() => undefined);
  await remove(aside);
}

const isEmptySet = async (folder: string): Promise<boolean> => (await readdir(folder)).every((name) => name === MANIFEST);
