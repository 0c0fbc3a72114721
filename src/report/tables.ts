import { lossTable, type TableLine } from '../evaluate/losses/index.ts';
import { metricTable } from '../evaluate/metrics/index.ts';
import { layerRows } from '../layers/index.ts';
import { operations } from '../layers/operations/index.ts';
import { refusedOperations } from '../layers/operations/refused.ts';
import type { LayerRow } from '../layers/row.ts';
import { opNames, opRow } from '../ops/index.ts';
import { type BackendTraits, backendTraits } from '../rewrite/backends.ts';
import { pipeline } from '../rewrite/pipeline.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const line = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(' ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(...head), line(...head.map(() => '---')), ...rows.map((cells) => line(...cells))].join('\n');
}

const byClass = (a: LayerRow, b: LayerRow): number => (a.className < b.className ? -1 : 1);
const isLayer = ({ className }: LayerRow): boolean => !className.startsWith('ops.');
const yes = (condition: boolean): string => (condition ? 'yes' : '');

/** The names that a declaration lists, separated by spaces. */
const names = (lists: readonly string[]): readonly string[] => lists.flatMap((list) => list.split(' ')).filter((name) => name !== '');

/** `ops.numpy.Add` is what a user writes as `keras.ops.add`; the class is what the file says. */
const operationsTable = (): string =>
  table(
    ['class in Keras 3', 'function of TensorFlow in Keras 2', 'what skipc computes'],
    operations
      .toSorted((a, b) => (a.keras < b.keras ? -1 : 1))
      .map(({ keras, tf = {}, doc }) => [code(names([keras])), code(names(Object.keys(tf))), doc]),
  );

const measures = (lines: readonly TableLine[]): string =>
  table(
    ['class', 'also called', 'what it computes'],
    lines.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, also, doc]) => [`\`${name}\``, code(also), doc]),
  );

/** The reference tables as Markdown, by the name of the marker they stand behind. */
export const tables: Readonly<Record<string, () => string>> = {
  layers: () =>
    table(
      ['layer', 'Keras 2', 'Keras 3', 'backends', 'what skipc computes'],
      layerRows
        .filter((row) => isLayer(row) && !row.refused)
        .toSorted(byClass)
        .map(({ className, only, doc }) => [`\`${className}\``, yes(only !== 3), yes(only !== 2), 'all', doc]),
    ),
  'refused layers': () =>
    table(
      ['layer', 'why skipc does not compile it'],
      layerRows
        .filter((row) => isLayer(row) && row.refused)
        .toSorted(byClass)
        .map(({ className, doc }) => [`\`${className}\``, doc]),
    ),
  operations: operationsTable,
  'refused operations': () =>
    table(
      ['class in Keras 3', 'why skipc does not compile it'],
      refusedOperations.toSorted(byClass).map(({ className, doc }) => [`\`${className.replace(/^ops\./, '')}\``, doc]),
    ),
  ops: () =>
    table(
      ['op', 'kernels of tfjs', 'backends', 'what it computes'],
      opNames.toSorted().map((name) => [`\`${name}\``, code(opRow(name)?.kernels ?? []), 'all', opRow(name)?.doc ?? '']),
    ),
  backends: () =>
    table(
      ['backend', 'what it is', 'bias and activation', 'of many matrices by one', 'reshapes', 'a kernel costs as much as'],
      Object.entries(backendTraits).map(([name, traits]: [string, BackendTraits]) => [
        `\`${name}\``,
        traits.doc,
        traits.fusesFinish ? 'in the kernel' : 'kernels of their own',
        traits.fusesBatches ? 'in the kernel' : 'kernels of their own',
        traits.reshapesForFree ? 'free' : 'a kernel',
        traits.kernelInElements === 0 ? '' : `copying ${traits.kernelInElements} numbers`,
      ]),
    ),
  rules: () =>
    table(
      ['pass', 'rule', 'what is equal'],
      pipeline.flatMap(({ name, rules = [] }) => rules.map((rule) => [`\`${name}\``, `\`${rule.name}\``, `\`${rule.equation}\``])),
    ),
  losses: () => measures(lossTable()),
  metrics: () => measures(metricTable()),
  passes: () =>
    table(
      ['pass', 'what it does'],
      pipeline.map(({ name, purpose }) => [`\`${name}\``, purpose]),
    ),
};
