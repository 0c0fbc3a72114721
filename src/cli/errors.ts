import type { SkipcError } from '../diagnostics/error.ts';
import { printable } from '../diagnostics/text.ts';
import { onStderr } from './colors.ts';
import { columnsOf, wrap } from './text.ts';

const INDENT = '  ';

/** A diagnostic for a person: what, where, what to do. */
export function errorText(error: SkipcError): string {
  const { file, pointer, layer } = error.location;
  // A message about the file itself names it already.
  const isSaid = pointer === undefined && file !== undefined && error.message.includes(file);
  const where = [
    layer === undefined ? '' : `layer ${JSON.stringify(layer)}`,
    (file === undefined && pointer === undefined) || isSaid ? '' : `${file ?? ''}${pointer === undefined ? '' : `#${pointer}`}`,
  ].filter((part) => part !== '');
  const head = paragraph(`error: ${error.message} [${error.code}]`).replace('error', onStderr.red('error'));
  return [head, ...(where.length > 0 ? [paragraph(`${INDENT}at ${where.join(', ')}`)] : []), paragraph(INDENT + error.hint)]
    .map((text) => `${text}\n`)
    .join('');
}

/** A warning: as an error, without a place. */
export function warningText({ code, message, hint }: { readonly code: string; readonly message: string; readonly hint: string }): string {
  const head = paragraph(`warning: ${message} [${code}]`).replace('warning', onStderr.yellow('warning'));
  return `${head}\n${paragraph(INDENT + hint)}\n`;
}

/** What somebody should know, or what is amiss without an error of its own. */
export const remarkText = (kind: 'note' | 'warning', what: string): string =>
  `${paragraph(`${kind}: ${what}`).replace('warning', onStderr.yellow('warning'))}\n`;

const LONGEST = 500;

/** Text in lines as wide as the terminal, each but the first indented. */
function paragraph(text: string): string {
  const shown = printable(text);
  const short = shown.length > LONGEST ? `${shown.slice(0, LONGEST)}...` : shown;
  const margin = short.startsWith(INDENT) ? INDENT : '';
  const lines = wrap(short.trimStart().split(' '), ' ', columnsOf(process.stderr) - INDENT.length);
  return margin + lines.join(`\n${INDENT}`);
}
