import { stripVTControlCharacters } from 'node:util';
import { printable } from '../diagnostics/text.ts';
import { showShape } from '../ir/types.ts';
import { byteCount, count, percent } from '../report/format.ts';
import type { Part, Summary } from '../report/summary.ts';
import { onStderr } from './colors.ts';
import { warningText } from './errors.ts';
import { columnsOf, wrap } from './text.ts';

const WIDTH = 12;
const MARGIN = 2;

/** A row of the summary: a label, and what it says in as many lines as that takes. */
function row(label: string, items: readonly string[]): string {
  const lines = wrap(items, ', ', columnsOf(process.stderr) - MARGIN - WIDTH, (item) => stripVTControlCharacters(item).length);
  return lines.map((line, i) => `  ${onStderr.dim((i === 0 ? label : '').padEnd(WIDTH))}${line}\n`).join('');
}

const part = ({ kept, of }: Part, show: (value: number) => string, uncounted = 0): string =>
  `${show(kept)} of ${uncounted > 0 ? 'at least ' : ''}${show(of)}`;

const tensors = (list: Summary['inputs']): string[] =>
  list.map(({ key, shape }) => `${onStderr.bold(short(key))} ${printable(showShape(shape))}`);

/**
 * What a compilation did, for a person: at most 80 columns wide but for long names.
 * @param sharing names of other programs that have the same prefix
 */
export function summaryText(summary: Summary, sharing: readonly string[] = []): string {
  const { model, program, layers, parameters, weightBytes, flops, perLayer } = summary;
  const identities = perLayer.filter(({ status }) => status === 'identity').length;
  const { uncounted } = summary;
  const saved = flops.of > 0 && uncounted === 0 ? ` per sample (${percent(flops.kept, flops.of)})` : ' per sample';
  const writer = `${model.writer === 'keras' ? 'Keras' : model.writer}${model.version ? ` ${model.version.replace(/^tfjs-layers /, '')}` : ''}`;
  return [
    `${onStderr.bold(short(program.name))} of ${JSON.stringify(short(model.name))}, written by ${short(writer)}\n\n`,
    row('inputs', summary.inputs.length > 0 ? tensors(summary.inputs) : ['none']),
    row('outputs', tensors(summary.outputs)),
    row('layers', [
      part(layers, String),
      ...(identities > 0 ? [`${identities} of which ${identities === 1 ? 'does' : 'do'} nothing in evaluation`] : []),
    ]),
    row('parameters', [part(parameters, count, uncounted)]),
    row('weights', [
      weightBytes === null ? 'no weights: pass --weights, or load(tensors)' : part(weightBytes, byteCount),
      ...(summary.weightStage === 'baked' ? ['baked'] : []),
    ]),
    row('FLOPs', [`${part(flops, count, uncounted)}${saved}`]),
    ...(uncounted > 0
      ? [row('not counted', [`${uncounted} removed ${uncounted === 1 ? 'layer' : 'layers'} that skipc cannot compile`])]
      : []),
    row('peak', [`${byteCount(summary.peakBytes)} of tensors per sample`, ...stagePeaks(summary)]),
    hoistText(summary),
    ...(sharing.length > 0 ? [row('', sharingTexts(sharing))] : []),
    row('evaluate', evaluationTexts(summary.evaluation)),
    ...summary.warnings.map(warningText),
  ].join('');
}

/** The stages' own peaks, where an evaluation has two. */
const stagePeaks = ({ hoist, stagePeakBytes: { prefix, suffix } }: Summary): string[] =>
  hoist === null ? [] : [`${byteCount(prefix)} in the prefix, ${byteCount(suffix)} in the suffix`];

/** What `evaluate` reports, and what it would take to report more. */
function evaluationTexts({ loss, heads, omitted }: Summary['evaluation']): string[] {
  const names = heads.flatMap(({ loss: own, metrics, weightedMetrics }) => [
    ...(own === null || own.name === loss ? [] : [own.name]),
    ...[...metrics, ...weightedMetrics].map(({ name }) => name),
  ]);
  const lacking = omitted.map(({ message }) => message);
  if (heads.length === 0) return ['no', ...lacking, 'add --loss'];
  const hasLoss = heads.some(({ loss }) => loss !== null);
  return [
    ...(loss === null ? [] : [loss]),
    ...names,
    ...lacking.map((message) => `without ${message}`),
    ...(hasLoss && lacking.length === 0 ? [] : ['add --loss']),
  ].map(short);
}

function hoistText({ hoist, cuts, features, flops }: Summary): string {
  if (hoist !== null) {
    const wider = hoist.widerThan.length > 0 ? [`wider than ${hoist.widerThan.map(short).join(', ')} alone`] : [];
    const saved = percent(hoist.flopsSaved, flops.kept);
    const [first = 'nothing', ...rest] = tensors(features);
    return (
      row('hoisted', [`prefix to ${first}`, ...rest, ...wider]) +
      row('', [`${byteCount(hoist.featureBytes)} per sample; saves ${saved} of each further evaluation`])
    );
  }
  return cuts
    .map(({ name, featureBytes, flopsSaved, flops }, i) =>
      row(i === 0 ? 'good cuts' : '', [
        `--hoist ${short(name)}: ${byteCount(featureBytes)} per sample`,
        `saves ${percent(flopsSaved, flops)}`,
      ]),
    )
    .join('');
}

const sharingTexts = (names: readonly string[]): string[] =>
  names.map((name, i) => (i === 0 ? `the same prefix as ${short(name)}` : short(name)));

/** What was written, a file a row. */
export const writtenText = (files: readonly { readonly path: string; readonly bytes: number }[]): string =>
  files.map(({ path, bytes }, i) => row(i === 0 ? 'wrote' : '', [`${printable(path)} (${byteCount(bytes)})`])).join('');

const LONGEST_NAME = 60;

/** A name as a row shows it. */
function short(name: string): string {
  const shown = printable(name);
  return shown.length > LONGEST_NAME ? `${shown.slice(0, LONGEST_NAME)}...` : shown;
}
