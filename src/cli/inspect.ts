import { inspectModel } from '../analyse.ts';
import { printable } from '../diagnostics/text.ts';
import { showShape } from '../ir/types.ts';
import { byteCount, count, percent } from '../report/format.ts';
import type { Inspection } from '../report/inspect.ts';
import { onStdout } from './colors.ts';
import { warningText } from './errors.ts';
import { loadPlugins } from './plugins.ts';
import { table } from './table.ts';

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
/** Text of a cell: long names keep their ends, where they differ. */
function cell(name: string): string {
  const shown = printable(name);
  return shown.length > LONGEST_NAME ? `...${shown.slice(3 - LONGEST_NAME)}` : shown;
}

function inspectionText({ model, inputs, outputs, layers, parameters, flops, uncounted, weightBytes, frozen, cuts }: Inspection): string {
  const shapeOf = (shape: readonly (number | null)[]) => `[${shape.map((size) => size ?? '?').join(',')}]`;
  // What skipc cannot compile is missing in the totals, and no part of them can be told.
  const atLeast = uncounted > 0 ? 'at least ' : '';
  const sections = [
    `${onStdout.bold(cell(model.name))}: ${layers.length} layers, ${atLeast}${count(parameters)} parameters${weightBytes === null ? '' : ` in ${byteCount(weightBytes)}`}, ${atLeast}${count(flops)} FLOPs per sample\n`,
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
    `\nlayers\n${table(
      ['name', 'class', 'shape', 'params', 'FLOPs'],
      layers.map((layer) => [
        cell(layer.path),
        `${cell(layer.className)}${layer.trainable ? '' : onStdout.dim(' frozen')}`,
        layer.shape === null ? (layer.unsupported === null ? '-' : onStdout.yellow('not compiled')) : cell(showShape(layer.shape)),
        layer.parameters === 0 ? '' : count(layer.parameters),
        layer.flops === 0 ? '' : count(layer.flops),
      ]),
    )}`,
  ];
  const places = [...frozen.map((cut) => ({ ...cut, option: 'auto' })), ...cuts.map((cut) => ({ ...cut, option: cut.name }))];
  if (places.length > 0) {
    sections.push(
      `\nwhere to hoist\n${table(
        ['option', 'per sample', 'saves'],
        places.map(({ option, featureBytes, flopsSaved, flops }) => [
          `--hoist ${cell(option)}`,
          byteCount(featureBytes),
          `${percent(flopsSaved, flops)} of FLOPs`,
        ]),
      )}`,
    );
  }
  return sections.join('');
}
