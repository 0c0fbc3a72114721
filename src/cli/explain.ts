import { printable } from '../diagnostics/text.ts';
import type { Explanation } from '../report/explanation.ts';
import { told } from '../report/told.ts';
import { onStderr } from './colors.ts';
import { columnsOf, wrap } from './text.ts';

const MARGIN = '  ';
const GAP = 2;
const WIDEST_NAME = 28;
/** From so many neighbours on of which the same is to be said, it is said once. */
const RUN = 3;

/** What became of each layer, a block a layer, for standard error; layers in a row of which the same is to be said share one. */
export function explanationText(explanations: readonly Explanation[]): string {
  const blocks = joined(explanations.map((explanation) => ({ names: [explanation.layer], told: told(explanation, short).map(printable) })));
  const labels = blocks.map(({ names }) => labelOf(names));
  const width = Math.max(0, ...labels.filter(({ length }) => length <= WIDEST_NAME).map(({ length }) => length));
  const columns = columnsOf(process.stderr) - MARGIN.length - width - GAP;
  const lines = blocks.map(({ told }, i) => {
    const label = labels[i] ?? '';
    const text = told.flatMap((sentence, j) =>
      wrap(
        sentence.split(' ').map((word) => tail(word, columns)),
        ' ',
        columns,
      ).map((line) => (j === 0 ? line : onStderr.dim(line))),
    );
    // What is said of a run stands below its long label.
    const own = label.length > width ? [`${MARGIN}${label}`, ...text.map((line) => `${MARGIN}${' '.repeat(width + GAP)}${line}`)] : null;
    return (own ?? text.map((line, j) => `${MARGIN}${(j === 0 ? label : '').padEnd(width + GAP)}${line}`)).join('\n');
  });
  return lines.map((line) => `${line}\n`).join('');
}

interface Block {
  readonly names: readonly string[];
  readonly told: readonly string[];
}

function joined(blocks: readonly Block[]): readonly Block[] {
  const runs: { names: string[]; told: readonly string[] }[] = [];
  for (const { names, told } of blocks) {
    const last = runs.at(-1);
    if (last !== undefined && last.told.join('\n') === told.join('\n')) last.names.push(...names);
    else runs.push({ names: [...names], told });
  }
  return runs.flatMap((run) => (run.names.length < RUN ? run.names.map((name) => ({ names: [name], told: run.told })) : [run]));
}

function labelOf(names: readonly string[]): string {
  const [first = '', last = ''] = [names[0], names.at(-1)].map((name) => short(name ?? ''));
  return names.length === 1 ? first : `${first} ... ${last}: ${names.length} layers`;
}

const short = (name: string): string => tail(printable(name), WIDEST_NAME);

/** Of a long name the end, where it differs from others. */
const tail = (text: string, longest: number): string => (text.length > longest ? `...${text.slice(3 - longest)}` : text);
