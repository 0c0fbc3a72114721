import picocolors from 'picocolors';
import { fail } from '../diagnostics/error.ts';
import { type Compared, type DiffOptions, diff } from '../diff.ts';
import { diffMarkdown } from '../report/diff/markdown.ts';
import type { Diff } from '../report/diff/schema.ts';
import { readCompared, shouldHaveValues } from './compared.ts';
import { gitDiff } from './diff-git.ts';
import { diffText } from './diff-text.ts';
import { remarkText, warningText } from './errors.ts';
import { type SelectionOptions, selectionOf } from './selection.ts';
import { columnsOf } from './text.ts';

export interface DiffFlags extends SelectionOptions {
  readonly ops?: boolean;
  readonly weightsA?: string;
  readonly weightsB?: string;
  readonly verbose?: boolean;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly git?: boolean;
}

/** `skipc diff`: returns the exit status, 1 where something differs. */
export async function runDiff(files: readonly string[], flags: DiffFlags): Promise<number> {
  checkFlags(flags);
  const options: DiffOptions = await selectionOf(flags);
  const byOps = flags.ops ?? false;
  if (flags.git) {
    process.stdout.write(await gitDiff(files, { verbose: flags.verbose ?? false, compare: (a, b) => diff(a, b, options, byOps) }));
    return 0;
  }
  const [first, second] = files;
  if (first === undefined || second === undefined || files.length > 2) return fail('diff-arguments', { found: files.length });
  if (first === '-' && second === '-') fail('options-conflict', { one: 'a from standard input', other: 'b from standard input' });
  const a = await readCompared(first, flags.weightsA);
  const b = await readCompared(second, flags.weightsB);
  checkDumps(a, b, flags);
  for (const side of [a, b]) for (const warning of warningsOf(side)) process.stderr.write(warningText(warning));
  const found = await diff(a, b, options, byOps);
  process.stdout.write(shown(found, flags));
  // Where nothing differs nothing is printed, but what somebody must not take for proof.
  const [unread] = found.notes.filter(({ kind }) => kind === 'values');
  if (found.same && !flags.json && unread !== undefined && [a, b].some(shouldHaveValues))
    process.stderr.write(remarkText('note', unread.message));
  return found.same ? 0 : 1;
}

function shown(found: Diff, { json, markdown, verbose = false }: DiffFlags): string {
  if (json) return `${JSON.stringify(found, null, 2)}\n`;
  if (markdown) return diffMarkdown(found);
  const isTerminal = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  return diffText(found, { colors: picocolors.createColors(isTerminal), width: columnsOf(process.stdout), verbose, hasHead: true });
}

/** A weight file that is missing is told of where it matters: beside what was compared. */
const warningsOf = (side: Compared) => ('model' in side ? side.model.warnings.filter(({ code }) => code !== 'weights-absent') : []);

function checkFlags({ json, markdown, git, verbose, weightsA, weightsB }: DiffFlags): void {
  const forms = [...(json ? ['--json'] : []), ...(markdown ? ['--markdown'] : []), ...(git ? ['--git'] : [])];
  const [one, other] = forms;
  if (one !== undefined && other !== undefined) fail('options-conflict', { one, other });
  if (verbose && (json || markdown)) fail('options-conflict', { one: '--verbose', other: json ? '--json' : '--markdown' });
  if (git && (weightsA ?? weightsB) !== undefined)
    fail('options-conflict', { one: '--git', other: weightsA === undefined ? '--weights-b' : '--weights-a' });
}

/** A dump is one stage of a program, of which nothing can be chosen any more. */
function checkDumps(a: Compared, b: Compared, flags: DiffFlags): void {
  const isDump = (side: Compared): boolean => 'program' in side;
  const chosen = (['output', 'input', 'skip', 'hoist', 'plugin'] as const).find((option) => flags[option] !== undefined);
  if (isDump(a) && isDump(b) && chosen !== undefined) fail('options-conflict', { one: 'two dumps', other: `--${chosen}` });
  if (isDump(a) && flags.weightsA !== undefined) fail('options-conflict', { one: 'a dump', other: '--weights-a' });
  if (isDump(b) && flags.weightsB !== undefined) fail('options-conflict', { one: 'a dump', other: '--weights-b' });
}
