import { stripVTControlCharacters } from 'node:util';
import type { createColors } from 'picocolors';
import { printable } from '../diagnostics/text.ts';
import type { Diff } from '../report/diff/schema.ts';
import {
  changePieces,
  costRows,
  few,
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
} from '../report/diff/words.ts';
import { wrap } from './text.ts';

export interface DiffTextOptions {
  readonly colors: ReturnType<typeof createColors>;
  readonly width: number;
  /** Nothing is cut, and what matters to training alone is spelt out. */
  readonly verbose: boolean;
  /** False where somebody else has said what is compared. */
  readonly hasHead: boolean;
}

const LONGEST_NAME = 48;
const LONGEST_VALUE = 32;
const BRIEF = { names: 3, items: 20 };
const ALL = { names: Number.MAX_SAFE_INTEGER, items: Number.MAX_SAFE_INTEGER };

/** Long names keep their ends, where they differ. */
const shortName = (text: string): string => (text.length > LONGEST_NAME ? `...${text.slice(3 - LONGEST_NAME)}` : text);
/** So that a name and a kind stand on one line. */
const LONGEST_KIND = 24;
const kindText = (text: string): string => {
  const shown = printable(text);
  return shown.length > LONGEST_KIND ? `${shown.slice(0, LONGEST_KIND - 3)}...` : shown;
};
const shortValue = (text: string): string => (text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 3)}...` : text);

/** What differs, for a person: nothing where nothing does. */
export function diffText(diff: Diff, options: DiffTextOptions): string {
  if (diff.same) return '';
  const { colors, hasHead } = options;
  const { name } = styleOf(options);
  const [from, to] = [name(diff.a.name), name(diff.b.name)];
  const names = colors.bold(from === to ? to : `${from} -> ${to}`);
  const head = item('', `${names}  ${colors.dim(`${name(diff.a.file)} -> ${name(diff.b.file)}`)}`, options, 0);
  const sections = [interfaceSection, nodesSection, weightsSection, costSection, notesSection].map((section) => section(diff, options));
  return `${hasHead ? head : ''}${sections.filter((section) => section !== '').join('\n')}\n${verdictLine(diff, options)}`;
}

const styleOf = ({ verbose }: DiffTextOptions): Style => ({
  name: (text) => (verbose ? printable(text) : shortName(printable(text))),
  value: (text) => (verbose ? printable(text) : shortValue(printable(text))),
  most: verbose ? ALL : BRIEF,
});

/** A space at which no line ends. */
const STICKY = '\u00a0';

const lengthOf = (piece: string): number => stripVTControlCharacters(piece).length;

/** Words behind a mark, in lines as wide as there is room, all but the first indented. */
function item(mark: string, text: string, { width }: DiffTextOptions, indent = 2): string {
  const margin = indent + (mark === '' ? 0 : 2);
  const lines = wrap(text.split(' '), ' ', width - margin, lengthOf).map((line) => line.replaceAll(STICKY, ' '));
  return lines.map((line, i) => `${' '.repeat(indent)}${mark === '' ? '' : i === 0 ? `${mark} ` : '  '}${line}\n`).join('');
}

/** The first items, and how many there are besides. */
function listed<T>(items: readonly T[], options: DiffTextOptions, show: (item: T) => string): string {
  const { items: most } = styleOf(options).most;
  const left = items.length - most;
  return items.slice(0, most).map(show).join('') + (left > 0 ? `  ${options.colors.dim(`... ${left} more; --verbose shows all`)}\n` : '');
}

function interfaceSection({ interface: { changes, order } }: Diff, options: DiffTextOptions): string {
  if (changes.length + order.length === 0) return '';
  const { colors } = options;
  const style = styleOf(options);
  return `${colors.bold('interface')}\n${listed(changes, options, (change) => {
    const verdict = change.verdict === 'breaking' ? colors.red('breaking') : colors.green('compatible');
    const mark = change.before === null ? colors.green('+') : change.after === null ? colors.red('-') : colors.yellow('~');
    return item(mark, `${change.of} ${portText(change, style)}: ${verdict} (${change.why})`, options);
  })}${order.map((change) => item(colors.yellow('~'), `${orderText(change, style)}: ${colors.green('compatible')} (keys tell them apart)`, options)).join('')}`;
}

function nodesSection(diff: Diff, options: DiffTextOptions): string {
  const { unit, removed, added, changed, following, rewired, outputs, renamed } = diff;
  const { colors } = options;
  const style = styleOf(options);
  const { name, most } = style;
  const replaced = new Set(added.map(({ replaces }) => replaces));
  const other = colors.yellow('~');
  const parts = [
    listed(
      removed.filter((_, i) => !replaced.has(i)),
      options,
      (region) => regionText(colors.red('-'), region, unit, options, placeOf(region, style)),
    ),
    listed(added, options, (region) => {
      const gone = region.replaces === null ? undefined : removed[region.replaces];
      const place = placeOf(region, style);
      if (gone === undefined) return regionText(colors.green('+'), region, unit, options, place);
      return `${item(other, `${plural(gone.nodes.length, unit)} replaced by ${region.nodes.length}${place}`, options)}${nodesText(colors.red('-'), gone, options)}${nodesText(colors.green('+'), region, options)}`;
    }),
    listed(changed, options, (change) =>
      item(other, `${pairName(change, style)} ${colors.dim(kindText(change.kind))}: ${changePieces(change, style).join(', ')}`, options),
    ),
    listed(rewired, options, (change) => item(other, `${pairName(change, style)} ${rewiringText(change, style)}`, options)),
    listed(outputs, options, (change) => item(other, outputText(change, style), options)),
    following.length === 0
      ? ''
      : item(
          other,
          `${plural(following.length, unit)} of other shapes, for those of ${following.length === 1 ? 'its' : 'their'} inputs: ${few(following, most.names, ({ b }) => name(b))}`,
          options,
        ),
    renamed.length === 0
      ? ''
      : item(
          colors.cyan('='),
          `${plural(renamed.length, unit)} renamed: ${few(renamed, most.names, (pair) => pairName(pair, style))}`,
          options,
        ),
    ...trainableTexts(diff, style).map((text) => item(other, text, options)),
    trainingPart(diff, options),
  ];
  const text = parts.join('');
  return text === '' ? '' : `${colors.bold(`${unit}s`)}\n${text}`;
}

function regionText(mark: string, region: Diff['removed'][number], unit: Diff['unit'], options: DiffTextOptions, place: string): string {
  const [only] = region.nodes;
  if (region.nodes.length !== 1 || only === undefined) {
    return `${item(mark, `${plural(region.nodes.length, unit)}${place}`, options)}${nodesText('', region, options)}`;
  }
  const { name } = styleOf(options);
  return item(mark, `${name(only.name)} ${options.colors.dim(kindText(only.kind))}${place}`, options);
}

function nodesText(mark: string, { nodes }: Diff['removed'][number], options: DiffTextOptions): string {
  const { name, most } = styleOf(options);
  const shown = few(nodes, most.names * 2, (node) => `${name(node.name)}${STICKY}${options.colors.dim(kindText(node.kind))}`);
  return item(mark, shown, options, 4);
}

function trainingPart(diff: Diff, options: DiffTextOptions): string {
  const { training, compiled } = diff;
  const style = styleOf(options);
  const { name, value } = style;
  const setting = ({ key, before, after }: Diff['compiled'][number]): string =>
    `${name(key)} ${value(settingValue(before))} -> ${value(settingValue(after))}`;
  const mark = options.colors.dim('.');
  const text = options.verbose
    ? training
        .map((change) =>
          item(mark, `${pairName(change, style)}, for training at most: ${change.settings.map(setting).join(', ')}`, options),
        )
        .join('')
    : training.length > 0
      ? item(mark, `for training at most: ${trainingText(diff, style)}`, options)
      : '';
  return (
    text + (compiled.length > 0 ? item(mark, `compiled with other measures: ${few(compiled, style.most.names, setting)}`, options) : '')
  );
}

function weightsSection({ weights: { changed, variables } }: Diff, options: DiffTextOptions): string {
  if (changed.length === 0) return '';
  const { colors, verbose } = options;
  const { name } = styleOf(options);
  const most = verbose ? changed.length : 10;
  const rows = changed.slice(0, most).map(({ b, norm, relative, largest }) => [name(b), ...[norm, relative, largest].map(measureText)]);
  const left = changed.length - rows.length;
  const known = changed.some(({ norm }) => norm !== null);
  const head = known ? [['', '|b-a|', '|b-a|/|a|', 'max']] : [];
  return `${colors.bold('weights')}\n  values of ${changed.length} of ${plural(variables, 'variable')} changed\n${columns(
    [...head, ...(known ? rows : rows.map(([variable = '']) => [variable]))],
    options,
    4,
  )}${left > 0 ? `    ${colors.dim(`... ${left} more; --verbose shows all`)}\n` : ''}`;
}

function costSection(diff: Diff, options: DiffTextOptions): string {
  const rows = costRows(diff);
  if (rows.every(({ change }) => change === '')) return '';
  const { uncounted } = diff.cost.after;
  const cells = rows.map(({ label, before, after, change, percent }) => [label, before, after, change, percent]);
  const most = uncounted + diff.cost.before.uncounted > 0 ? ', at least' : '';
  return `${options.colors.bold('cost')}${most}\n${columns([['', 'before', 'after', '', ''], ...cells], options, 2)}`;
}

/** Cells below each other, the first column to the left and numbers to the right; the first column gives way where there is no room. */
function columns(rows: readonly (readonly string[])[], { width, colors }: DiffTextOptions, indent: number): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const others = widths.slice(1).reduce((sum, cell) => sum + cell + 2, 0);
  const first = Math.min(widths[0] ?? 0, width - indent - others);
  return rows
    .map((row, r) => {
      const [label = '', ...cells] = row;
      const shown = label.length > first ? `...${label.slice(3 - first)}` : label;
      const line = [shown.padEnd(first), ...cells.map((cell, i) => cell.padStart(widths[i + 1] ?? 0))].join('  ').trimEnd();
      return `${' '.repeat(indent)}${r === 0 && row[0] === '' ? colors.dim(line) : line}\n`;
    })
    .join('');
}

function notesSection({ notes }: Diff, options: DiffTextOptions): string {
  return notes.map(({ message }) => item('', `${options.colors.dim('note:')} ${printable(message)}`, options, 0)).join('');
}

function verdictLine(diff: Diff, options: DiffTextOptions): string {
  const { verdict } = diff.interface;
  const { colors } = options;
  const shown =
    verdict === 'breaking'
      ? colors.red(colors.bold('breaking'))
      : verdict === 'compatible'
        ? colors.green('compatible')
        : colors.green('unchanged');
  return item('', `verdict: ${shown}, ${verdictText(diff, styleOf(options))}`, options, 0);
}
