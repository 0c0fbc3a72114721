import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { fail } from '../../diagnostics/error.ts';
import type { FeatureKey } from '../../runtime/evaluate/feature-cache.ts';

/** What says what a set is. */
export const MANIFEST = 'manifest.json';

const PART = /^[0-9a-z-]{1,128}$/i;
const ARRAY = /^_?[0-9a-z-]+\.[0-9a-z_-]*\.[0-9a-f]{16}\.npy$/i;
const RECORD = /^_?[0-9a-z-]+\.json$/i;

export const isSetName = (name: string): boolean => PART.test(name);
export const isArrayName = (name: string): boolean => ARRAY.test(name);
export const isRecordName = (name: string): boolean => RECORD.test(name) && name !== MANIFEST;

/**
 * What of a key becomes names of files has to be such a name.
 * @throws SkipcError `cache-misused`
 */
export function checkKey(key: FeatureKey): void {
  for (const part of ['set', 'batch'] as const) {
    if (typeof key[part] !== 'string' || !PART.test(key[part]))
      fail('cache-misused', {
        what: `the key's ${part} is not 1 to 128 letters, digits and hyphens: ${JSON.stringify(String(key[part]).slice(0, 200))}`,
      });
  }
}

/** How the names of all files of a batch begin, up to the first dot. */
export const stemOf = (batch: string): string => (batch.toLowerCase() === 'manifest' ? `_${batch}` : batch);

export const recordName = (batch: string): string => `${stemOf(batch)}.json`;

/**
 * The file of a feature, such as `0-32.mixed0.5f3a9c1e02b4d687.npy`: what of its name may stand in a file's, then a hash of all of it and
 * of the content. So two processes that write other values for one batch do not write into the same file.
 */
export function arrayName(batch: string, feature: string, sha256: string): string {
  const readable = feature.replace(/[^0-9a-z_-]+/gi, '_').slice(0, 60);
  const own = createHash('sha256')
    .update(`${JSON.stringify(feature)} ${sha256}`)
    .digest('hex')
    .slice(0, 16);
  return `${stemOf(batch)}.${readable}.${own}.npy`;
}

/** The batch's part of a name of any file of it, temporary ones included. */
export const stemIn = (name: string): string => name.slice(0, Math.max(name.indexOf('.'), 0));

/** Where process numbers mean the same processes: a machine, and in it a container. */
const PLACE = createHash('sha256').update(`${hostname()} ${processNamespace()}`).digest('hex').slice(0, 8);
const TEMPORARY = /\.([0-9a-f]{8})-(\d+)-[0-9a-f]{16}\.tmp$/;

function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** A name beside a file's that nobody else uses, from which others see who is writing. */
export const temporaryName = (path: string): string => `${path}.${PLACE}-${process.pid}-${randomBytes(8).toString('hex')}.tmp`;

export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

/** Long past what writing takes; then a process that has this number is another one. */
const LEFT_AFTER_MS = 3_600_000;

/** Whether nobody is going to finish what has this temporary name. */
export function isLeft(name: string, age: number): boolean {
  const [, place, pid] = TEMPORARY.exec(name) ?? [];
  if (pid === undefined) return false;
  return age > LEFT_AFTER_MS || (place === PLACE && !isAlive(Number(pid)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
