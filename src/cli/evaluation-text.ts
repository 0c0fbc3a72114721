import { printable } from '../diagnostics/text.ts';
import type { Evaluation } from '../eval/evaluation.ts';
import { onStdout } from './colors.ts';
import { table } from './table.ts';
import { columnsOf, wrap } from './text.ts';

const LONGEST_NAME = 40;
const GAPS = 4;
/** As many digits as a float32 holds. */
const DIGITS = 7;

/** What an evaluation found, for a person: 80 columns wide at most. */
export function evaluationText({ results, samples, seconds, samplesPerSecond, parts, cache }: Evaluation): string {
  const names = Object.keys(results).map(short);
  const width = columnsOf(process.stdout) - GAPS - Math.max('metric'.length, ...names.map(({ length }) => length));
  const found = Object.values(results).map((value, i) => [names[i] as string, shown(value, width)]);
  const rate = samplesPerSecond === null ? [] : [`${number(samplesPerSecond, 3)} a second`];
  const about = [
    `${samples} ${samples === 1 ? 'sample' : 'samples'}`,
    ...(parts > 1 ? [`in ${parts} parts`] : []),
    `${number(seconds, 3)} s`,
    ...rate,
    ...(cache === null ? [] : [`features of ${cache.hits} of ${cache.hits + cache.misses} batches from the cache`]),
  ];
  const lines = wrap(about, ', ', columnsOf(process.stdout) - 2).map((line) => `  ${onStdout.dim(line)}\n`);
  return `${table(['metric', 'value'], found)}\n${lines.join('')}`;
}

type Value = Evaluation['results'][string];

const shown = (value: Value, width: number): string =>
  typeof value === 'object'
    ? wrap(
        value.map((each) => number(each, DIGITS)),
        ', ',
        width,
      ).join('\n')
    : number(value, DIGITS);

const number = (value: number | string, digits: number): string =>
  typeof value === 'string' ? value : String(Number(value.toPrecision(digits)));

function short(name: string): string {
  const text = printable(name);
  return text.length > LONGEST_NAME ? `...${text.slice(3 - LONGEST_NAME)}` : text;
}
