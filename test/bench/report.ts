import { list, short, size, table } from './markdown.ts';
import { peers as allPeers } from './peers/index.ts';
import type { Facts, Measurement, PeerResult, Results } from './results.ts';
import { belowTarget, PEER_RATIO, timed } from './targets.ts';

/** The report of a run, as Markdown. */
export function report(results: Results): string {
  const backends = [...new Set(results.measurements.map(({ backend }) => backend))];
  const below = belowTarget(results);
  const sections = [
    '# Results of `npm run bench`',
    about(results),
    ...backends.flatMap((backend) => ofBackend(results, backend)),
    ...(results.starts.length > 0 ? ['## Start', STARTS, starts(results)] : []),
    ...(results.facts.length > 0 ? ['## What is evaluated', facts(results.facts)] : []),
    ...(results.epochs.length > 0 ? ['## Validation after an epoch', EPOCHS, epochs(results)] : []),
    ...(results.compileTimes.length > 0 ? ['## Compilation', compileTimes(results)] : []),
    ...(results.bundles.length > 0 ? ['## Bundles', BUNDLES, bundles(results)] : []),
    '## Below target',
    below.length === 0 ? 'Nothing that was measured.' : list(below),
    ...(results.failures.length > 0 ? ['## Failed', list(results.failures.map(({ what, error }) => `${what}: ${error}`))] : []),
  ];
  return `${sections.join('\n\n')}\n`;
}

const STARTS =
  'Milliseconds to load the weights, and then of the first call at batch 1, in a process in which nothing else has run. Compilation and conversion are not in it.';
const EPOCHS =
  'Loss and accuracy of all images, in batches, by a model whose backbone is frozen; all but the first epoch, in which features are computed. A ratio is to the first row. `predict` computes no metrics.';
const BUNDLES =
  'A page that evaluates `aux` of the digit model, bundled for browsers and minified by esbuild. Weights, and the .wasm files of the wasm backend, come beside it.';

function about({ machine, measurements }: Results): string {
  const { cpu, cores, memoryGigabytes, node, platform, packages, date } = machine;
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  const seen = new Set(measurements.flatMap(({ peers }) => peers.map(({ peer }) => peer)));
  return [
    `${date}, on ${cores} cores of ${cpu}, ${memoryGigabytes} GB, ${platform}, Node ${node}; ${versions.join(', ')}.`,
    '',
    `All peers of a row are set up in one process, give the same values, and take turns in an order drawn anew for each round; reading back the outputs is part of a call. A ratio is the peer's time over skipc's in the same round: the median of the rounds and, in brackets, its 95 % bootstrap interval. Above 1 skipc is faster; **bold** is below ${PEER_RATIO}.`,
    '',
    list(allPeers.filter(({ name }) => seen.has(name)).map(({ name, doc }) => `*${name}*: ${doc}`)),
  ].join('\n');
}

const what = ({ model, question, batch }: Measurement): string => `${model}, ${question} x ${batch}`;

function ofBackend({ measurements }: Results, backend: string): readonly string[] {
  const own = measurements.filter((measurement) => measurement.backend === backend);
  const names = allPeers.map(({ name }) => name).filter((name) => own.some(({ peers }) => peers.some(({ peer }) => peer === name)));
  const rows = (cell: (result: PeerResult) => string, of: readonly string[]) =>
    own.map((measurement) => [
      what(measurement),
      ...of.map((name) => {
        const result = measurement.peers.find(({ peer }) => peer === name);
        return result === undefined ? '' : cell(result);
      }),
    ]);
  const detail = (title: string, cell: (result: Extract<PeerResult, { outcome: 'timed' }>) => string) => [
    title,
    table(
      ['x batch', ...names],
      rows((result) => (result.outcome === 'timed' ? cell(result) : ''), names),
      1,
    ),
  ];
  const others = names.slice(1);
  return [
    `## On ${backend}`,
    table(
      ['model, what of it x batch', 'skipc ms', ...others],
      own.map((measurement, i) => {
        const ms = timed(measurement).find(({ peer }) => peer === names[0])?.timing.ms.value;
        return [what(measurement), ms === undefined ? '' : short(ms), ...(rows(ratio, others)[i] ?? []).slice(1)];
      }),
      1,
    ),
    ...reasons(own),
    ...detail(
      'Milliseconds of a call, and half of the distance between the quartiles:',
      ({ timing }) => `${short(timing.ms.value)} ± ${short(timing.spread * 100)} %`,
    ),
    ...detail('The most bytes of tensors during a call, beside those that were there before:', ({ costs }) =>
      costs.peakBytes === null ? '' : size(costs.peakBytes),
    ),
    ...detail('Kernels of a call:', ({ costs }) => (costs.kernels === null ? '' : String(costs.kernels))),
  ];
}

function ratio(result: PeerResult): string {
  if (result.outcome === 'cannot') return '-';
  if (result.outcome === 'differs') return `differs by ${short(result.difference)}`;
  const { value, low, high } = result.timing.ratio;
  const text = `${short(value)} [${short(low)}, ${short(high)}]`;
  return value < PEER_RATIO ? `**${text}**` : text;
}

/** Why peers have no number, each reason once for all rows that have it. */
function reasons(measurements: readonly Measurement[]): readonly string[] {
  const found = new Map<string, Set<string>>();
  for (const { model, peers, note, question, batch } of measurements) {
    for (const result of peers) {
      if (result.outcome !== 'cannot' || result.why === NOTHING_TO_SAY) continue;
      const text = `${model}: ${result.why}`;
      found.set(text, (found.get(text) ?? new Set()).add(result.peer));
    }
    if (note !== null) found.set(`${model}, ${question} x ${batch}: ${note}`, new Set());
  }
  return found.size === 0
    ? []
    : [list([...found].map(([text, peers]) => (peers.size === 0 ? text : `${text} (${[...peers].join(', ')})`)))];
}

/** A sub-model of all outputs is the model. */
const NOTHING_TO_SAY = 'the whole model is asked for';

function starts({ starts }: Results): string {
  const names = [...new Set(starts.map(({ peer }) => peer))];
  const rows = new Map<string, Map<string, string>>();
  for (const { model, backend, peer, loadMs, firstCallMs } of starts) {
    const key = `${model} on ${backend}`;
    rows.set(key, (rows.get(key) ?? new Map()).set(peer, `${short(loadMs)} + ${short(firstCallMs)}`));
  }
  return table(
    ['model', ...names],
    [...rows].map(([key, cells]) => [key, ...names.map((name) => cells.get(name) ?? '-')]),
    1,
  );
}

function facts(all: readonly Facts[]): string {
  const rows = all.map(({ model, question, backend, flops, weightBytes, livenessBytes, target }) => [
    `${model}, ${question} on ${backend}`,
    `${short((100 * flops.kept) / flops.of)} %`,
    weightBytes === null ? '' : `${size(weightBytes.kept)} of ${size(weightBytes.of)}`,
    livenessBytes === null ? '' : size(livenessBytes),
    target === null ? '' : short(target),
  ]);
  return table(['', 'FLOPs of the whole', 'weights read', 'peak of a sample, by liveness', 'times tfjs-layers predict, to reach'], rows, 1);
}

function epochs({ epochs: times }: Results): string {
  const rows = times.map(({ model, backend, images, batch, way, ms, ratio }) => [
    `${model} on ${backend}, ${images} images x ${batch}: ${way}`,
    short(ms.value),
    `${short(ratio.value)} [${short(ratio.low)}, ${short(ratio.high)}]`,
  ]);
  return table(['', 'ms an epoch', 'ratio'], rows, 1);
}

function compileTimes({ compileTimes: times }: Results): string {
  const rows = times.map(({ what: name, layers, ms, processMs, peakMegabytes }) => [
    name,
    short(ms),
    short(ms / layers),
    short(processMs),
    short(peakMegabytes),
  ]);
  return table(['topology', 'ms', 'ms a layer', 'ms of the process', 'peak MB of the process'], rows, 1);
}

function bundles({ bundles: sizes }: Results): string {
  return table(
    ['page', 'minified', 'gzip'],
    sizes.map(({ what: name, bytes, gzipBytes }) => [name, size(bytes), size(gzipBytes)]),
    1,
  );
}
