import { layerRows } from '../layers/index.ts';
import { opNames, opRow } from '../ops/index.ts';
import { pipeline } from '../rewrite/pipeline.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

/** The reference tables of the README as Markdown, by the name of the marker they stand behind. */
export const tables: Readonly<Record<string, () => string>> = {
  layers: () =>
    [
      row('layer', 'Keras', 'what skipc computes'),
      row('---', '---', '---'),
      ...layerRows
        .toSorted((a, b) => (a.className < b.className ? -1 : 1))
        .map(({ className, since, doc }) => row(`\`${className}\``, since === 3 ? '3' : '2, 3', doc)),
    ].join('\n'),
  ops: () =>
    [
      row('op', 'kernels of tfjs', 'what it computes'),
      row('---', '---', '---'),
      ...opNames.toSorted().map((name) =>
        row(
          `\`${name}\``,
          opRow(name)
            ?.kernels.map((kernel) => `\`${kernel}\``)
            .join(' ') ?? '',
          opRow(name)?.doc ?? '',
        ),
      ),
    ].join('\n'),
  passes: () =>
    [row('pass', 'what it does'), row('---', '---'), ...pipeline.map(({ name, purpose }) => row(`\`${name}\``, purpose))].join('\n'),
};
