import { resolve } from 'node:path';
import { compile } from '../compile.ts';
import { fail } from '../diagnostics/error.ts';
import { printable } from '../diagnostics/text.ts';
import { graphPage, graphSvg } from '../graph.ts';
import { byteCount } from '../report/format.ts';
import { warningText } from './errors.ts';
import { checkTarget, shownPath, writeFiles } from './files.ts';
import { type SelectionOptions, selectionOf } from './selection.ts';

export interface GraphFlags extends SelectionOptions {
  readonly out?: string;
  readonly quiet?: boolean;
  readonly force?: boolean;
}

/** `skipc graph`: returns the exit status. */
export async function runGraph(model: string, flags: GraphFlags): Promise<number> {
  const { out, quiet = false, force = false } = flags;
  const isPage = out === undefined || /\.html?$/i.test(out);
  if (!isPage && !/\.svg$/i.test(out)) fail('graph-extension', { path: out });
  if (out !== undefined) checkTarget(resolve(out), force);
  // The picture shows no values, so that none need be read.
  const compiled = await compile(model, { ...(await selectionOf(flags)), weights: 'none', explain: true });
  for (const warning of quiet ? [] : compiled.summary.warnings)
    if (warning.code !== 'weights-absent') process.stderr.write(warningText(warning));
  const path = resolve(out ?? `${compiled.name}.html`);
  const content = isPage ? await graphPage(compiled) : await graphSvg(compiled);
  writeFiles([{ path, content }], force);
  if (!quiet) process.stderr.write(`wrote ${printable(shownPath(path))} (${byteCount(Buffer.byteLength(content))})\n`);
  return 0;
}
