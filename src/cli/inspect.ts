import { inspectModel } from '../analyse.ts';
import { printable } from '../diagnostics/text.ts';
import { showShape } from '../ir/types.ts';
import { byteCount, count, percent } from '../report/format.ts';
import type { InspectedLayer, Inspection } from '../report/inspect.ts';
import { onStdout } from './colors.ts';
import { warningText } from './errors.ts';
import { loadPlugins } from './plugins.ts';
import { table } from './table.ts';
import { columnsOf, wrap } from './text.ts';

export interface InspectFlags {
  readonly json?: boolean;
  readonly plugin?: readonly string[];
}

/** `skipc inspect`: returns the exit status. */
export async function runInspect(model: string, flags: InspectFlags): Promise<number> {
  const { inspection, warnings } = await inspectModel(model, await loadPlugins(flags.plugin));
  for (const warning of warnings) process.stderr.write(warningText(warning));
  process.stdout.write(flags.json ? `${JSON.stringify(inspection, null, 2)}\n` : inspectionText(inspection));
  return 0;
}

const LONGEST_NAME = 30;
const LONGEST_CLASS = 23;
const SHORTEST_NAME = 16;

/** Text of a cell: long names keep their ends, where they differ. */
function cell(name: string, longest = LONGEST_NAME): string {
  const shown = printable(name);
  return shown.length > longest ? `...${shown.slice(3 - longest)}` : shown;
}

function inspectionText(inspection: Inspection): string {
  const { model, inputs, outputs, layers, parameters, flops, uncounted, weightBytes } = inspection;
  const shapeOf = (shape: readonly (number | null)[]) => `[${shape.map((size) => size ?? '?').join(',')}]`;
  // What skipc cannot compile is missing in the totals, and no part of them can be told.
  const atLeast = uncounted > 0 ? 'at least ' : '';
  const head = [
    `${onStdout.bold(cell(model.name))}: ${layers.length} layers`,
    `${atLeast}${count(parameters)} parameters${weightBytes === null ? '' : ` in ${byteCount(weightBytes)}`}`,
    `${atLeast}${count(flops)} FLOPs per sample`,
  ];
  const sections = [
    `${wrap(head, ', ', columnsOf(process.stdout)).join('\n  ')}\n`,
    `\ninputs\n${table(
      ['name', 'dtype', 'shape'],
      inputs.map(({ key, dtype, shape }) => [cell(key), cell(dtype), shapeOf(shape)]),
    )}`,
    `\noutputs, and what each needs alone\n${table(
      ['name', 'shape', 'layers', 'params', 'FLOPs', 'of all'],
      outputs.map(({ key, shape, alone }) =>
        alone === null
          ? [cell(key), 'needs a layer skipc cannot compile', '', '', '', '']
          : [
              cell(key),
              cell(showShape(shape ?? [])),
              String(alone.layers),
              count(alone.parameters),
              count(alone.flops),
              uncounted > 0 ? '' : percent(alone.flops, flops),
            ],
      ),
    )}`,
    `\nlayers${layers.some(({ trainable }) => !trainable) ? ' (* frozen)' : ''}\n${layersTable(layers)}`,
    hoistText(inspection),
  ];
  return sections.join('');
}

/** From so many layers in a row on that are alike, one line stands for them. */
const RUN = 6;

function layersTable(layers: Inspection['layers']): string {
  const rows = runsOf(layers).map((run) => {
    const [layer] = run as readonly [InspectedLayer];
    const total = (of: (layer: InspectedLayer) => number): string => {
      const sum = run.reduce((sum, each) => sum + of(each), 0);
      return sum === 0 ? '' : count(sum);
    };
    return {
      names: run.length === 1 ? [layer.path] : [layer.path, run.at(-1)?.path ?? ''],
      rest: [
        `${run.length === 1 ? '' : `${run.length} `}${cell(layer.className, LONGEST_CLASS)}${layer.trainable ? '' : '*'}`,
        layer.shape === null ? (layer.unsupported === null ? '-' : 'not compiled') : cell(showShape(layer.shape), LONGEST_CLASS),
        total(({ parameters }) => parameters),
        total(({ flops }) => flops),
      ],
    };
  });
  const titles = ['class', 'shape', 'params', 'FLOPs'];
  // Names have the room that the other columns leave.
  const others = titles.map((title, i) => rows.reduce((most, { rest }) => Math.max(most, rest[i]?.length ?? 0), title.length) + GAP);
  const room = Math.max(SHORTEST_NAME, Math.min(LONGEST_NAME, columnsOf(process.stdout) - others.reduce((a, b) => a + b, MARGIN)));
  return table(
    ['name', ...titles],
    rows.map(({ names, rest: [className = '', shape = '', ...amounts] }) => [
      names.length === 1 ? cell(names[0] ?? '', room) : names.map((name) => cell(name, (room - 4) >> 1)).join(' .. '),
      className,
      shape === 'not compiled' ? onStdout.yellow(shape) : shape,
      ...amounts,
    ]),
  );
}

const GAP = 2;
const MARGIN = 2;

function runsOf(layers: Inspection['layers']): readonly (readonly InspectedLayer[])[] {
  const runs: InspectedLayer[][] = [];
  let last = '';
  for (const layer of layers) {
    const { className, shape, parameters, flops, trainable, unsupported } = layer;
    const likeness = JSON.stringify([className, shape, parameters, flops, trainable, unsupported]);
    if (likeness === last) runs.at(-1)?.push(layer);
    else runs.push([layer]);
    last = likeness;
  }
  return runs.flatMap((run) => (run.length < RUN ? run.map((layer) => [layer]) : [run]));
}

/** Where a prefix could end, and what that would save. */
function hoistText({ frozen, shared, cuts, outputs }: Inspection): string {
  const compiled = outputs.filter(({ alone }) => alone !== null).length;
  const ends = [
    ...frozen.map(({ name }) => `frozen up to ${printable(name)}`),
    ...shared.map(({ name }) => `shared by ${compiled === outputs.length ? 'all ' : ''}${compiled} outputs up to ${printable(name)}`),
  ];
  const places = [
    ...frozen.map((cut) => ({ ...cut, option: 'auto' })),
    ...shared.map((cut) => ({ ...cut, option: 'shared' })),
    ...cuts.map((cut) => ({ ...cut, option: cut.name })),
  ];
  if (places.length === 0) return '';
  const lines = ends.flatMap((end) =>
    wrap(end.split(' '), ' ', columnsOf(process.stdout) - MARGIN).map((line, i) => (i === 0 ? line : `  ${line}`)),
  );
  return `\nwhere to hoist\n${lines.map((line) => `  ${line}\n`).join('')}${table(
    ['option', 'per sample', 'saves', 'of all'],
    places.map(({ option, featureBytes, flopsSaved, flops }) => [
      `--hoist ${cell(option, LONGEST_OPTION)}`,
      byteCount(featureBytes),
      `${count(flopsSaved)} FLOPs`,
      percent(flopsSaved, flops),
    ]),
  )}`;
}

/** What is copied from here should be whole as long as that is possible. */
const LONGEST_OPTION = 36;
