import { lstatSync, readdirSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRefusal } from './amiss.ts';
import { isArrayName, isRecordName, isTemporary, stemIn } from './names.ts';
import { removeEmptySet } from './set.ts';
import { removeShard } from './shard.ts';
import { setsIn } from './sweep.ts';

interface KnownSet {
  /** When its folder had changed last, as it was listed. */
  changed: number;
  readonly sizes: Map<string, number>;
  /** When the batches were used last, in milliseconds; others may have used them since. */
  readonly used: Map<string, number>;
}

interface Place {
  readonly set: string;
  readonly stem: string;
}

/** File systems keep times in steps of some milliseconds: a folder that changed just now may change again without a trace. */
const STEP_MS = 50;

/**
 * Bounds what all sets of a folder take. What other processes put there is seen too; a folder is listed again only when it has changed,
 * and a file's size is asked for once.
 */
export class Room {
  readonly #root: string;
  readonly #maxBytes: number;
  readonly #sets = new Map<string, KnownSet>();

  constructor(root: string, maxBytes: number) {
    this.#root = root;
    this.#maxBytes = maxBytes;
  }

  /** Removes batches, those first that were not used for longest, until what is there is within the bound. `kept` stays. */
  async make(kept?: Place): Promise<void> {
    if (this.#maxBytes === Number.POSITIVE_INFINITY) return;
    for (let bytes = this.#look(); bytes > this.#maxBytes; bytes = this.#look()) {
      if (!(await this.#evict(bytes - this.#maxBytes, kept))) return;
    }
  }

  /** Looks what is there; gives its bytes. */
  #look(): number {
    const sets = setsIn(this.#root, this.#sets);
    for (const set of this.#sets.keys()) if (!sets.includes(set)) this.#sets.delete(set);
    for (const set of sets) this.#lookInto(set);
    let bytes = 0;
    for (const { sizes } of this.#sets.values()) for (const size of sizes.values()) bytes += size;
    return bytes;
  }

  #lookInto(set: string): void {
    const folder = join(this.#root, set);
    const changed = lstatSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const known = this.#sets.get(set) ?? { changed: -1, sizes: new Map(), used: new Map() };
    this.#sets.set(set, known);
    if (known.changed === changed) return;
    known.changed = Date.now() - changed > STEP_MS ? changed : -1;
    const names = new Set(changed === 0 ? [] : readdirSync(folder).filter((name) => !isTemporary(name)));
    for (const name of known.sizes.keys()) if (!names.has(name)) forget(known, name);
    for (const name of names) if (!known.sizes.has(name)) learn(known, folder, name);
  }

  /** Removes batches of so many bytes; false where none could be. */
  async #evict(bytes: number, kept: Place | undefined): Promise<boolean> {
    let freed = 0;
    for (let oldest = this.#oldest(kept); oldest !== null && freed < bytes; oldest = this.#oldest(kept)) {
      const { set, stem, known } = oldest;
      const folder = join(this.#root, set);
      if (await wasUsedSince(folder, stem, known)) continue;
      await removeShard(folder, stem);
      for (const [name, size] of known.sizes) {
        if (stemIn(name) !== stem || !(isRecordName(name) || isArrayName(name))) continue;
        freed += size;
        forget(known, name);
      }
      if (known.used.size === 0) await removeEmptySet(folder);
    }
    return freed > 0;
  }

  #oldest(kept: Place | undefined): (Place & { readonly known: KnownSet }) | null {
    let oldest: (Place & { readonly known: KnownSet }) | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const [set, known] of this.#sets) {
      for (const [stem, time] of known.used) {
        if (time >= least || (set === kept?.set && stem === kept.stem)) continue;
        least = time;
        oldest = { set, stem, known };
      }
    }
    return oldest;
  }
}

function learn({ sizes, used }: KnownSet, folder: string, name: string): void {
  const found = lstatSync(join(folder, name), { throwIfNoEntry: false });
  if (found === undefined) return;
  sizes.set(name, found.size);
  if (isRecordName(name)) used.set(stemIn(name), found.mtimeMs);
}

function forget({ sizes, used }: KnownSet, name: string): void {
  sizes.delete(name);
  if (isRecordName(name)) used.delete(stemIn(name));
}

/** Times only grow, so what is oldest by times known, and has that time still, is oldest. */
async function wasUsedSince(folder: string, stem: string, known: KnownSet): Promise<boolean> {
  try {
    const { mtimeMs } = await lstat(join(folder, `${stem}.json`));
    const before = known.used.get(stem) ?? 0;
    known.used.set(stem, mtimeMs);
    return mtimeMs > before;
  } catch (error) {
    if (!isRefusal(error, 'ENOENT')) throw error;
    return false;
  }
}
