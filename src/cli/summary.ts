import { showShape } from '../ir/types.ts';
import { byteCount, count, percent } from '../report/format.ts';
import type { Part, Summary } from '../report/summary.ts';
import { onStderr } from './colors.ts';

const WIDTH = 12;
const line = (label: string, text: string): string => `  ${onStderr.dim(label.padEnd(WIDTH))}${text}\n`;
const part = ({ kept, of }: Part, show: (value: number) => string): string => `${show(kept)} of ${show(of)}`;

/** What a compilation did, for a person: at most 80 columns wide but for long names. */
export function summaryText(summary: Summary): string {
  const { model, program, layers, parameters, weightBytes, flops, perLayer } = summary;
  const identities = perLayer.filter(({ status }) => status === 'identity').length;
  const saved = flops.of > 0 ? ` per sample (${percent(flops.kept, flops.of)})` : ' per sample';
  const tensors = (list: Summary['inputs']) => list.map(({ key, shape }) => `${onStderr.bold(key)} ${showShape(shape)}`).join(', ');
  return [
    `${onStderr.bold(program.name)} of ${JSON.stringify(model.name)}, written by ${model.writer === 'keras' ? 'Keras' : model.writer}${model.version ? ` ${model.version.replace(/^tfjs-layers /, '')}` : ''}\n\n`,
    line('inputs', tensors(summary.inputs) || 'none'),
    line('outputs', tensors(summary.outputs)),
    line('layers', `${part(layers, String)}${identities > 0 ? `, ${identities} of which do nothing in evaluation` : ''}`),
    line('parameters', part(parameters, count)),
    line('weights', weightBytes === null ? 'no weights: pass --weights, or load(tensors)' : part(weightBytes, byteCount)),
    line('FLOPs', `${part(flops, count)}${saved}`),
    line('peak', `${byteCount(summary.peakBytes)} of tensors per sample`),
    hoistText(summary),
    ...summary.warnings.map(warningText),
  ].join('');
}

function hoistText({ hoist, cuts, features, flops }: Summary): string {
  if (hoist !== null) {
    const names = features.map(({ key, shape }) => `${onStderr.bold(key)} ${showShape(shape)}`).join(', ');
    const wider = hoist.widerThan.length > 0 ? `, wider than ${hoist.widerThan.join(', ')} alone` : '';
    return (
      line('hoisted', `prefix to ${names}${wider}`) +
      line('', `${byteCount(hoist.featureBytes)} per sample; saves ${percent(hoist.flopsSaved, flops.kept)} of each further evaluation`)
    );
  }
  return cuts
    .map(({ name, featureBytes, flopsSaved, flops }, i) =>
      line(i === 0 ? 'good cuts' : '', `--hoist ${name}: ${byteCount(featureBytes)} per sample, saves ${percent(flopsSaved, flops)}`),
    )
    .join('');
}

export function warningText({ code, message, hint }: { readonly code: string; readonly message: string; readonly hint: string }): string {
  return `${onStderr.yellow('warning')}: ${message} [${code}]\n  ${hint}\n`;
}
