import { readFileSync, statSync } from 'node:fs';
import picocolors from 'picocolors';
import { fail, SkipcError } from '../diagnostics/error.ts';
import { printable } from '../diagnostics/text.ts';
import type { Compared } from '../diff.ts';
import type { Diff } from '../report/diff/schema.ts';
import { plural } from '../report/diff/words.ts';
import { count } from '../report/format.ts';
import { readCompared, shouldHaveValues } from './compared.ts';
import { diffText } from './diff-text.ts';
import { columnsOf, wrap } from './text.ts';

export interface GitDiffOptions {
  readonly verbose: boolean;
  compare(a: Compared, b: Compared): Promise<Diff>;
}

/** What git hands over in place of a file that is not there. */
const NOTHING: ReadonlySet<string> = new Set(['/dev/null', 'nul', 'NUL']);

/**
 * What a driver of `git diff` prints for one file (https://git-scm.com/docs/git#Documentation/git.txt-codeGITEXTERNALDIFFcode). A file that
 * is no model does not fail: git would stop there and show none of the others.
 * @param given `path old-file old-hex old-mode new-file new-hex new-mode`, and on a rename `new-path` and what git says of it; of an
 *   unmerged file its path alone
 * @throws SkipcError `git-arguments`
 */
export async function gitDiff(given: readonly string[], options: GitDiffOptions): Promise<string> {
  const [path = '', oldFile = '', oldHash = '', oldMode, newFile = '', newHash = '', newMode, newPath = path, renaming = ''] = given;
  if (given.length === 1) return `* Unmerged path ${printable(path)}\n`;
  if (given.length !== 7 && given.length !== 9) return fail('git-arguments', { found: given.length });
  const isColored = (process.stdout.isTTY === true || process.env['GIT_PAGER_IN_USE'] === 'true') && !process.env['NO_COLOR'];
  const colors = picocolors.createColors(isColored);
  const how = renaming.split('\n').filter((line) => /^(?:similarity|dissimilarity|rename|copy) /.test(line));
  const [isNew, isGone] = [NOTHING.has(oldFile), NOTHING.has(newFile)];
  const modes = isNew || isGone || oldMode === newMode ? [] : [`old mode ${oldMode}`, `new mode ${newMode}`];
  const head = [`diff --skipc a/${path} b/${newPath}`, ...(isNew ? ['new file'] : isGone ? ['deleted file'] : []), ...modes, ...how];
  const text = head.map((line) => `${colors.bold(printable(line))}\n`).join('');
  try {
    // Only its name or its mode is another. Of files that git has not stored, as in the work tree, it gives no hash but zeros.
    if (/^0+$/.test(oldHash) || /^0+$/.test(newHash) ? !isNew && !isGone && areAlike(oldFile, newFile) : oldHash === newHash) return text;
    return text + (await body(isNew ? null : oldFile, isGone ? null : newFile, `a/${path}`, `b/${newPath}`, options, colors));
  } catch (error) {
    if (!(error instanceof SkipcError) || error.kind === 'invariant') throw error;
    return text + told(`not compared: ${error.message}`) + told('git diff --no-ext-diff shows it as text');
  }
}

/** True for files of the same bytes; what cannot be read is for others to complain of. */
function areAlike(one: string, other: string): boolean {
  try {
    return statSync(one).size === statSync(other).size && readFileSync(one).equals(readFileSync(other));
  } catch {
    return false;
  }
}

async function body(
  oldFile: string | null,
  newFile: string | null,
  oldName: string,
  newName: string,
  { verbose, compare }: GitDiffOptions,
  colors: ReturnType<typeof picocolors.createColors>,
): Promise<string> {
  const before = oldFile === null ? null : await readCompared(oldFile, undefined, oldName);
  const after = newFile === null ? null : await readCompared(newFile, undefined, newName);
  const [side, other] = [after ?? before, before ?? after];
  if (side === null || other === null) return '';
  if (before === null || after === null) return told(about(await compare(withoutValues(side), withoutValues(side))));
  const found = await compare(before, after);
  if (found.same) {
    const [unread] = found.notes.filter(({ kind }) => kind === 'values');
    const isProven = unread === undefined || ![before, after].some(shouldHaveValues);
    return told(isProven ? `the same ${found.b.is}: the file is only written in another way` : `the same layers; ${unread.message}`);
  }
  return diffText(found, { colors, width: columnsOf(process.stdout), verbose, hasHead: false });
}

/** What is compared with itself need not be read. */
const withoutValues = (side: Compared): Compared => ('model' in side ? { ...side, model: { ...side.model, weights: null } } : side);

/** A model that has nothing to be compared with. */
function about({ b, unit, cost: { after } }: Diff): string {
  const least = after.uncounted > 0 ? 'at least ' : '';
  const cost = [`${count(after.parameters)} parameters`, `${count(after.flops)} FLOPs`].map((text) => least + text);
  return [`${b.is} ${JSON.stringify(b.name)}: ${plural(after.nodes, unit)}`, ...cost].join(', ');
}

/** A line of ours, indented. */
const told = (text: string): string => {
  const lines = wrap(printable(text).split(' '), ' ', columnsOf(process.stdout) - 4);
  return lines.map((line, i) => `${i === 0 ? '  ' : '    '}${line}\n`).join('');
};
