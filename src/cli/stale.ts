import { printable } from '../diagnostics/text.ts';
import { type OutputFile, shownPath, staleFiles } from './files.ts';

/** `--check`: says which files are not what would be written; their number decides the exit status. */
export function reportStale(
  files: readonly OutputFile[],
  { json = false, quiet = false }: { readonly json?: boolean | undefined; readonly quiet?: boolean | undefined },
): number {
  const stale = staleFiles(files).map(shownPath);
  if (json) process.stdout.write(`${JSON.stringify({ stale }, null, 2)}\n`);
  if (!quiet) {
    for (const path of stale) process.stderr.write(`stale: ${printable(path)}\n`);
    process.stderr.write(stale.length > 0 ? 'run the same command without --check to write it again\n' : 'up to date\n');
  }
  return stale.length > 0 ? 1 : 0;
}
