import { printable } from '../diagnostics/text.ts';
import type { Check, Finding, Verification } from '../verify/report.ts';
import { onStdout } from './colors.ts';
import { duration } from './progress.ts';
import { table } from './table.ts';
import { columnsOf, wrap } from './text.ts';

const LONGEST_NAME = 30;
const LONGEST_PLACE = 24;
const MARGIN = 2;
const DIGITS = 2;
const LABEL = 10;

/**
 * What a verification found, for a person: 80 columns wide at most, but for a command.
 * @param plugins that a command names to show it again
 */
export function verificationText(verification: Verification, plugins: readonly string[] = []): string {
  const { checks, findings, references, notes, reduced } = verification;
  const tables = [...new Set(checks.map(({ against }) => against))].map(
    (against) => `against ${nameOf(against)}\n${checkTable(checks.filter((check) => check.against === against))}`,
  );
  const lines = [
    ...references.flatMap(({ name, why, known }) => [
      ...(why === null ? [] : [`${nameOf(name)} was not compared: ${why}`]),
      ...known.map(({ layer, what }) => `known: ${layer}: ${what}`),
    ]),
    ...ties(checks),
    ...extent(verification),
    ...notes,
  ];
  const remarks = lines.map((line) => paragraph(line));
  const found = findings.map((finding) => `\n${findingText(finding)}`);
  const small = reduced === null ? '' : reducedText(verification, reduced, plugins);
  return `${tables.join('\n')}${remarks.length > 0 ? `\n${remarks.join('')}` : ''}${found.join('')}${small}\n${verdict(verification)}`;
}

/** What shows the mismatch again, as it would be typed. */
function reducedText(
  { backend, seed }: Verification,
  { path, layers, against }: NonNullable<Verification['reduced']>,
  plugins: readonly string[],
): string {
  const options = [
    ...plugins.flatMap((plugin) => ['--plugin', plugin]),
    ...(against === 'layers' ? ['--against', 'layers'] : []),
    ...['--backend', backend],
    ...(seed === 0 ? [] : ['--seed', String(seed)]),
  ];
  const command = ['skipc', 'verify', path, ...options].map((word) => argument(printable(word))).join(' ');
  return `\n${paragraph(`wrote ${path}: ${layers} ${layers === 1 ? 'layer shows' : 'layers show'} it`)}  ${command}\n`;
}

/** A word of a command as a shell takes it. */
const argument = (word: string): string => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

const NAMES: ReadonlyMap<string, string> = new Map([
  ['unoptimised', 'the program unoptimised'],
  ['layers', 'tfjs-layers'],
  ['compiled', 'what is compiled now'],
]);

const nameOf = (against: string): string => NAMES.get(against) ?? short(against);

const checkTable = (rows: readonly Check[]): string =>
  table(
    ['inputs', 'batch', 'values', 'largest error', 'allowed', 'at'],
    rows.map(({ inputs, batches, values, error, allowed, at, agrees }) => {
      const place = at === null || error === 0 ? '' : short(at, LONGEST_PLACE);
      const shown = [
        short(inputs),
        batches.join(', '),
        String(values),
        number(error),
        number(allowed),
        agrees ? place : `${place}, differs`,
      ];
      return agrees ? shown : shown.map((text) => onStdout.red(text));
    }),
  );

function ties(checks: readonly Check[]): string[] {
  const count = checks.reduce((sum, { ties }) => sum + ties, 0);
  return count === 0 ? [] : [`ties: ${count} ${count === 1 ? 'element differs' : 'elements differ'} where rounding alone decides`];
}

function extent({ cases, weights }: Verification): string[] {
  const { run, of, refused } = cases;
  const skipped = of - run - refused;
  return [
    ...(weights === 'random' ? ['the model has no weights: random ones stand in for them'] : []),
    ...(skipped > 0 ? [`${run} of ${of} cases, as the model is large`] : []),
    ...(refused > 0 ? [`${refused} of ${of} cases are refused by the program itself, unoptimised too`] : []),
  ];
}

function findingText(finding: Finding): string {
  const { what, layers, op, line, statement, pass, rule, shape, index, found, expected, error, allowed, next } = finding;
  const row = (label: string, text: string): string => {
    const width = columnsOf(process.stdout) - MARGIN - LABEL;
    return wrap(printable(text).split(' '), ' ', width)
      .map((piece, i) => `  ${onStdout.dim((i === 0 ? label : '').padEnd(LABEL))}${cut(piece, width)}\n`)
      .join('');
  };
  const named = layers.map(({ path, className }) => (className === '' ? short(path) : `${short(path)} (${short(className)})`));
  const inputs = finding.case;
  return [
    paragraph(`${onStdout.red('mismatch')}: ${what}`),
    ...(named.length > 0 ? [row('layer', named.join(' + '))] : []),
    ...(pass === null ? [] : [row('pass', rule === null ? pass : `${pass}, by the rule ${rule}`)]),
    ...(op === null ? [] : [row('op', op)]),
    ...(line === null ? [] : [row('module', `line ${line}: ${cut(statement ?? '', LONGEST_STATEMENT)}`)]),
    ...(inputs === null ? [] : [row('inputs', caseText(inputs))]),
    ...(found === null
      ? []
      : [
          row(
            'values',
            `${element(found)}, expected ${element(expected)}${index === null || index.length === 0 ? '' : ` at [${index.join(', ')}]`}`,
          ),
        ]),
    ...(error === null || shape !== null
      ? []
      : [row('error', `${number(error)} of its largest magnitude, ${number(allowed ?? 0)} allowed`)]),
    row('fault', FAULTS[finding.fault]),
    ...next.map((text) => row('next', text)),
  ].join('');
}

const FAULTS: Readonly<Record<Finding['fault'], string>> = {
  module: 'the file: what is compiled from the model now computes something else',
  weights: 'the weights beside the module',
  pass: 'a pass of skipc: the program before it computes what is expected',
  emission: 'what skipc writes for the program',
  model: "a layer as skipc compiles it, or the model's weights: nothing was lost in rewriting it",
};

const LONGEST_STATEMENT = 200;

const caseText = ({ inputs, batch, sizes }: NonNullable<Finding['case']>): string =>
  [short(inputs), `batch of ${batch}`, ...sizes.map(({ symbol, size }) => `${symbol} = ${size}`)].join(', ');

function verdict({ verified, program, cases, checks, seconds, findings }: Verification): string {
  const took = `${cases.run} ${cases.run === 1 ? 'case' : 'cases'}, ${duration(seconds)}`;
  if (!verified)
    return `${onStdout.red('not verified')}: ${findings.length} ${findings.length === 1 ? 'mismatch' : 'mismatches'} (${took})\n`;
  const values = Math.max(0, ...checks.map((check) => check.values));
  return `${onStdout.green('verified')}: ${short(program.name)}: ${values} values a case, and no tensor lost (${took})\n`;
}

const element = (value: Finding['found']): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(7))) : JSON.stringify(value);

const number = (value: number | string): string =>
  typeof value === 'string' ? value : value === 0 ? '0' : value.toExponential(DIGITS - 1);

function paragraph(text: string): string {
  const width = columnsOf(process.stdout) - MARGIN;
  return wrap(printable(text).split(' '), ' ', width)
    .map((line, i) => `${i === 0 ? '' : '  '}${line}\n`)
    .join('');
}

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 3)}...` : text);

function short(name: string, most = LONGEST_NAME): string {
  const shown = printable(name);
  return shown.length > most ? `...${shown.slice(3 - most)}` : shown;
}
