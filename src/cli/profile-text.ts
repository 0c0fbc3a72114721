import { printable } from '../diagnostics/text.ts';
import type { Profile, ProfiledLayers } from '../profile/report.ts';
import { percent } from '../report/format.ts';
import { onStdout } from './colors.ts';
import { table } from './table.ts';
import { wrap } from './text.ts';

const LONGEST_NAME = 38;
const WIDTH = 80;
const LABEL = '  tfjs-layers  ';

/** A profile for a person, at most 80 columns wide: the rows that take longest, of the module or of tfjs-layers. */
export function profileText(profile: Profile, most: number): string {
  return [`${headline(profile)}\n`, ...stagesText(profile), layersText(profile, most), kernelsText(profile, most)].join('\n');
}

function headline({ program, model, backend, batchSize, module, peer, peerAbsent, weights, runs }: Profile): string {
  const title = `${onStdout.bold(short(program.name))} of ${JSON.stringify(short(model.name))} on ${backend}`;
  const settings = [
    batchSize === 1 ? 'one sample' : `${batchSize} samples`,
    ...(weights === 'random' ? ['random weights'] : []),
    `median of ${runs} runs`,
  ];
  const lines = [`${title}: ${settings.join(', ')}`, '', `  module       ${time(module.milliseconds)}`];
  if (peer !== null)
    lines.push(`${LABEL}${time(peer.milliseconds)}, ${times(peer.milliseconds, module.milliseconds)} as long, all outputs`);
  if (peerAbsent !== null) {
    const words = wrap(['not run:', ...printable(peerAbsent).split(' ')], ' ', WIDTH - LABEL.length);
    lines.push(...words.map((words, i) => `${i === 0 ? LABEL : ' '.repeat(LABEL.length)}${words}`));
  }
  return lines.join('\n');
}

/** What the prefix takes, and what is left for each further evaluation. */
function stagesText({ perLayer }: Profile): readonly string[] {
  if (!perLayer.some(({ stage }) => stage === 'prefix')) return [];
  const of = (stage: ProfiledLayers['stage']) =>
    perLayer.filter((row) => row.stage === stage).reduce((sum, { milliseconds }) => sum + (milliseconds ?? 0), 0);
  const [prefix, suffix] = [of('prefix'), of('suffix')];
  return [`  prefix       ${time(prefix)}, suffix ${time(suffix)}: features at hand save ${percent(prefix, prefix + suffix)}\n`];
}

function layersText({ perLayer, module, peer }: Profile, most: number): string {
  const rows = perLayer
    .filter(({ milliseconds }) => milliseconds !== null)
    .toSorted((a, b) => (b.milliseconds ?? 0) - (a.milliseconds ?? 0));
  const left = perLayer.filter(({ milliseconds }) => milliseconds === null);
  const sum = (list: readonly ProfiledLayers[], key: 'milliseconds' | 'peerMilliseconds') =>
    list.reduce((total, row) => total + (row[key] ?? 0), 0);
  const all = sum(rows, 'milliseconds') + module.betweenMilliseconds;
  const line = (name: string, own: number | null, other: number | null) => [
    name,
    own === null ? '' : time(own),
    own === null ? '' : percent(own, all),
    ...(peer === null
      ? []
      : [other === null ? '' : time(other), own === null || other === null || own === 0 ? '' : (other / own).toFixed(1)]),
  ];
  const shown = rows.slice(0, most);
  const rest = rows.slice(most);
  const lines = [
    ...shown.map((row) => line(together(row.layers), row.milliseconds, row.peerMilliseconds)),
    ...(rest.length > 0 ? [line(`${rest.length} more`, sum(rest, 'milliseconds'), sum(rest, 'peerMilliseconds'))] : []),
    ...(left.length > 0 && peer !== null ? [line(notRun(left), null, sum(left, 'peerMilliseconds'))] : []),
    line('between layers', module.betweenMilliseconds, peer?.betweenMilliseconds ?? null),
  ];
  return table(['layer', 'module', 'of all', ...(peer === null ? [] : ['tfjs-layers', 'ratio'])], lines);
}

const notRun = (left: readonly ProfiledLayers[]): string =>
  left.length === 1 ? `${short(left[0]?.layers[0] ?? '')}: not run` : `${left.length} layers that are not run`;

function kernelsText({ module, peer }: Profile, most: number): string {
  const others = new Map(peer?.kernels.map((kernel) => [kernel.name, kernel]));
  const own = new Map(module.kernels.map((kernel) => [kernel.name, kernel]));
  const names = [...new Set([...own.keys(), ...others.keys()])];
  const total = (name: string) => (own.get(name)?.milliseconds ?? 0) + (others.get(name)?.milliseconds ?? 0);
  const cells = (kernel: { readonly calls: number; readonly milliseconds: number } | undefined) =>
    kernel === undefined ? ['', ''] : [String(kernel.calls), time(kernel.milliseconds)];
  const lines = names
    .toSorted((a, b) => total(b) - total(a))
    .slice(0, most)
    .map((name) => [name, ...cells(own.get(name)), ...(peer === null ? [] : cells(others.get(name)))]);
  return `${table(['kernel', 'calls', 'module', ...(peer === null ? [] : ['calls', 'tfjs-layers'])], lines)}`;
}

const times = (longer: number, shorter: number): string => `${(longer / shorter).toFixed(1)} times`;

/** A time with three digits. */
function time(milliseconds: number): string {
  const [value, unit] =
    milliseconds >= 999.5 ? [milliseconds / 1000, 's'] : milliseconds >= 0.9995 ? [milliseconds, 'ms'] : [milliseconds * 1000, 'us'];
  return `${value >= 99.95 || unit === 'us' ? Math.round(value) : value.toPrecision(3)} ${unit}`;
}

/** Layers that are computed together: all by name where that is short. */
function together([first = '', ...others]: readonly string[]): string {
  const all = [first, ...others].join(' + ');
  if (all.length <= LONGEST_NAME || others.length === 0) return short(all);
  const behind = ` + ${others.length} more`;
  return short(first, LONGEST_NAME - behind.length) + behind;
}

function short(name: string, longest = LONGEST_NAME): string {
  const shown = printable(name);
  return shown.length > longest ? `${shown.slice(0, longest - 3)}...` : shown;
}
