import { printable } from '../../diagnostics/text.ts';
import type { Diff } from './schema.ts';
import {
  changePieces,
  costRows,
  measureText,
  orderText,
  outputText,
  pairName,
  placeOf,
  plural,
  portText,
  rewiringText,
  type Style,
  settingValue,
  trainableTexts,
  trainingText,
  verdictText,
} from './words.ts';

const LONGEST = 80;
/** A list of more than this is folded. */
const MOST_OPEN = 10;
/** GitHub cuts a job's summary off behind a mebibyte: a list of more than this is cut here, where it says so. */
const MOST_LISTED = 500;

/** Text out of a model as code: nothing in it is Markdown, HTML or a mention. */
export function codeSpan(text: string): string {
  const shown = printable(text).slice(0, LONGEST) + (printable(text).length > LONGEST ? '...' : '');
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  // A space at both ends, one of which each is taken off again, keeps ticks apart from the fence, and text of spaces alone a span.
  const padded = /^`|`$|^ .* $/.test(shown) || shown.trim() === '' ? ` ${shown || ' '} ` : shown;
  return `${fence}${padded}${fence}`;
}

/** A bar would end the cell, even in code; a backslash before it is taken off, and one that is there already is doubled. */
const cell = (text: string): string => text.replace(/\\*\|/g, (bar) => `${'\\'.repeat(2 * (bar.length - 1))}\\|`);

const STYLE: Style = { name: codeSpan, value: codeSpan, most: { names: 3, items: MOST_LISTED } };

/** What differs, as Markdown for a pull request or a job's summary: nothing where nothing does. */
export function diffMarkdown(diff: Diff): string {
  if (diff.same) return '';
  const { a, b } = diff;
  const title = a.name === b.name ? codeSpan(b.name) : `${codeSpan(a.name)} -> ${codeSpan(b.name)}`;
  return [
    `### ${title}\n`,
    `${codeSpan(a.file)} -> ${codeSpan(b.file)}\n`,
    `**${diff.interface.verdict}**: ${verdictText(diff, STYLE)}\n`,
    interfaceTable(diff),
    nodeLists(diff),
    weightsTable(diff),
    costTable(diff),
    ...diff.notes.map(({ message }) => `> ${escaped(message)}\n`),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** Words of ours around text of others, which stands in quotes. */
const escaped = (text: string): string => printable(text).replace(/[\\`*_{}[\]<>()#+!|@~&$]/g, (character) => `\\${character}`);

const table = (head: readonly string[], rows: readonly (readonly string[])[], numbers = 0): string => {
  const align = head.map((_, i) => (i >= head.length - numbers ? '---:' : '---'));
  return `${[head, align, ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')}\n`;
};

function interfaceTable({ interface: { changes, order } }: Diff): string {
  if (changes.length + order.length === 0) return '';
  return table(
    ['', 'change', 'verdict', 'why'],
    [
      ...changes
        .slice(0, MOST_LISTED)
        .map((change) => [change.of, portText(change, STYLE), change.verdict === 'breaking' ? '**breaking**' : 'compatible', change.why]),
      ...order.map((change) => [change.of, orderText(change, STYLE), 'compatible', 'keys tell them apart']),
    ],
  );
}

/**
 * A list under its title, folded where it is long.
 * @param isFolded true for what is folded however short it is
 * @param place what stands behind the title; in a fold, on a line before it, as a title is HTML
 */
function section(title: string, items: readonly string[], isFolded = items.length > MOST_OPEN, place = ''): string {
  if (items.length === 0) return '';
  const left = items.length - MOST_LISTED;
  const list = [...items.slice(0, MOST_LISTED), ...(left > 0 ? [`${left} more`] : [])].map((item) => `- ${item}\n`).join('');
  if (!isFolded) return `**${title}**${place}\n\n${list}`;
  return `${place === '' ? '' : `**${title}**${place}\n\n`}<details><summary>${title}</summary>\n\n${list}\n</details>\n`;
}

function nodeLists(diff: Diff): string {
  const { unit, removed, added, changed, rewired, outputs, following, renamed, training, compiled } = diff;
  const replaced = new Set(added.map(({ replaces }) => replaces));
  const nodes = ({ nodes }: Diff['removed'][number]) => nodes.map(({ name, kind }) => `${codeSpan(name)} ${codeSpan(kind)}`);
  const regions = [
    ...removed
      .filter((_, i) => !replaced.has(i))
      .map((region) => section(`${plural(region.nodes.length, unit)} removed`, nodes(region), undefined, placeOf(region, STYLE))),
    ...added.map((region) => {
      const gone = region.replaces === null ? undefined : removed[region.replaces];
      const title =
        gone === undefined
          ? `${plural(region.nodes.length, unit)} added`
          : `${plural(gone.nodes.length, unit)} replaced by ${region.nodes.length}`;
      const list =
        gone === undefined
          ? nodes(region)
          : [...nodes(gone).map((node) => `removed ${node}`), ...nodes(region).map((node) => `added ${node}`)];
      return section(title, list, undefined, placeOf(region, STYLE));
    }),
  ];
  const value = ({ key, before, after }: Diff['compiled'][number]): string =>
    `${codeSpan(key)} ${codeSpan(settingValue(before))} -> ${codeSpan(settingValue(after))}`;
  return [
    ...regions.slice(0, MOST_LISTED),
    section(
      `${plural(changed.length, unit)} changed`,
      changed.map((change) => `${pairName(change, STYLE)} ${codeSpan(change.kind)}: ${changePieces(change, STYLE).join(', ')}`),
    ),
    section(
      `${plural(rewired.length, 'input')} rewired`,
      rewired.map((change) => `${pairName(change, STYLE)} ${rewiringText(change, STYLE)}`),
    ),
    section(
      `${plural(outputs.length, 'output')} rewired`,
      outputs.map((change) => outputText(change, STYLE)),
    ),
    section(
      `${plural(following.length, unit)} of other shapes, for those of their inputs`,
      following.map((change) => `${pairName(change, STYLE)}: ${changePieces(change, STYLE).join(', ')}`),
      true,
    ),
    section(
      `${plural(renamed.length, unit)} renamed`,
      renamed.map((pair) => pairName(pair, STYLE)),
      true,
    ),
    ...trainableTexts(diff, STYLE).map((text) => `${text}\n`),
    training.length === 0 ? '' : `For training at most: ${trainingText(diff, STYLE)}\n`,
    section('Compiled with other measures', compiled.map(value)),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function weightsTable({ weights: { changed, variables } }: Diff): string {
  if (changed.length === 0) return '';
  const title = `Values of ${changed.length} of ${plural(variables, 'variable')} changed`;
  if (changed.every(({ norm }) => norm === null))
    return section(
      title,
      changed.map(({ b }) => codeSpan(b)),
    );
  const rows = changed
    .slice(0, MOST_LISTED)
    .map(({ b, norm, relative, largest }) => [codeSpan(b), ...[norm, relative, largest].map(measureText)]);
  const text = table(['variable', 'norm of the change', 'relative', 'largest'], rows, 3);
  return changed.length <= MOST_OPEN ? `**${title}**\n\n${text}` : `<details><summary>${title}</summary>\n\n${text}\n</details>\n`;
}

function costTable(diff: Diff): string {
  const rows = costRows(diff);
  if (rows.every(({ change }) => change === '')) return '';
  return table(
    ['', 'before', 'after', 'change', ''],
    rows.map(({ label, before, after, change, percent }) => [label, before, after, change, percent]),
    4,
  );
}
