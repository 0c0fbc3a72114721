import { short, size } from './markdown.ts';
import type { BundleSize, CompileTime, Facts, Measurement, PeerResult, Results } from './results.ts';

/** A peer takes at least this part of skipc's time. */
export const PEER_RATIO = 0.97;
/** Measured peak bytes are at most this much of what liveness gives. */
const OVER_LIVENESS = 1.05;
const BUNDLE_BYTES: ReadonlyMap<string, number> = new Map([
  ['skipc, cpu backend with its kernels', 50_000],
  ['skipc, webgl backend with its kernels', 95_000],
]);
const RESNET_MS = 1_000;
/** Milliseconds a layer of the longest chain, over those of the one of a thousand layers, for a time that grows linearly. */
const LINEAR = 1.5;

type Timed = Extract<PeerResult, { outcome: 'timed' }>;

const OWN = 'skipc';
const BASELINE = 'tfjs-layers predict';
/** Beside skipc, what does the least that can be done with tfjs: of it, the lower end of the interval counts. */
const LEAST = 'kernels';
/** Runtimes other than tfjs's ops are out of reach of what is emitted. */
const OTHERS: ReadonlySet<string> = new Set(['onnxruntime', 'SavedModel']);

/** What is below target, a sentence each. */
export function belowTarget(results: Results): readonly string[] {
  const known = new Map(results.facts.map((facts) => [keyOf(facts), facts]));
  return [
    ...results.measurements.flatMap((measurement) => ofMeasurement(measurement, known.get(keyOf(measurement)))),
    ...ofCompileTimes(results.compileTimes),
    ...ofBundles(results.bundles),
  ];
}

const keyOf = ({ model, question, backend }: Pick<Facts, 'model' | 'question' | 'backend'>): string =>
  JSON.stringify([model, question, backend]);

export const timed = ({ peers }: Measurement): readonly Timed[] => peers.filter((peer): peer is Timed => peer.outcome === 'timed');

function ofMeasurement(measurement: Measurement, facts: Facts | undefined): readonly string[] {
  const { model, question, backend, batch } = measurement;
  const where = `${model}, ${question}, batch ${batch} on ${backend}`;
  const results = timed(measurement);
  const own = results.find(({ peer }) => peer === OWN);
  const baseline = results.find(({ peer }) => peer === BASELINE);
  const slow = results
    .filter(({ peer }) => peer !== OWN && !OTHERS.has(peer))
    .flatMap(({ peer, timing: { ratio } }) => {
      const found = peer === LEAST ? ratio.low : ratio.value;
      if (found >= PEER_RATIO) return [];
      return [`${where}: ${peer} takes ${short(ratio.value)} [${short(ratio.low)}, ${short(ratio.high)}] of skipc's time`];
    });
  const target = facts?.target ?? null;
  const ratio = baseline?.timing.ratio.value;
  // A part of a model is compared where overhead matters little.
  const isJudged = target !== null && ratio !== undefined && (batch > 1 || target === 2);
  const missed = isJudged && ratio < target ? [`${where}: ${short(ratio)} times as fast as ${BASELINE}, to reach ${short(target)}`] : [];
  const peak = own?.costs.peakBytes ?? null;
  const bound = facts?.livenessBytes === null || facts === undefined ? null : facts.livenessBytes * batch * OVER_LIVENESS;
  const theirs = baseline?.costs.peakBytes ?? null;
  return [
    ...slow,
    ...missed,
    ...(peak !== null && bound !== null && peak > bound
      ? [`${where}: ${size(peak)} at its peak, ${short((peak / bound) * OVER_LIVENESS)} times what liveness gives`]
      : []),
    ...(peak !== null && theirs !== null && peak > theirs ? [`${where}: ${size(peak)} at its peak, ${BASELINE} ${size(theirs)}`] : []),
  ];
}

function ofCompileTimes(times: readonly CompileTime[]): readonly string[] {
  const perLayer = (layers: number) => times.filter((time) => time.layers === layers).map(({ ms }) => ms / layers)[0];
  const [short1, long] = [perLayer(1_000), perLayer(100_000)];
  const resnet = times.find(({ what }) => what === 'ResNet50');
  return [
    ...(short1 !== undefined && long !== undefined && long > short1 * LINEAR
      ? [`compiling a chain of 100 000 layers takes ${short(long / short1)} times as long a layer as one of 1 000`]
      : []),
    ...(resnet !== undefined && resnet.processMs > RESNET_MS
      ? [`compiling ResNet50 takes ${short(resnet.processMs)} ms with start-up, to reach ${RESNET_MS}`]
      : []),
  ];
}

const ofBundles = (bundles: readonly BundleSize[]): readonly string[] =>
  bundles.flatMap(({ what, gzipBytes }) => {
    const most = BUNDLE_BYTES.get(what);
    return most === undefined || gzipBytes <= most ? [] : [`bundle of ${what}: ${size(gzipBytes)}, to reach ${size(most)}`];
  });
