import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import type { Analysis } from '../analyse.ts';
import { liveWeights } from '../emit/weights.ts';
import { type CallId, splitTensor, type TensorId, tensorsOf } from '../model/graph.ts';
import type { WeightIndex } from '../read/weights/index.ts';
import { isPeer, openPeer, type Peer, PeerFailure } from '../tfjs-layers/peer.ts';
import { type Allowance, compare } from './compare.ts';
import type { Expectation } from './expectation.ts';
import { type Held, heldIn, withTensors } from './held.ts';
import { type Match, Matching } from './match.ts';

/** tfjs-layers, and what is known of it. */
export interface LayersReference {
  readonly peer: Peer;
  readonly analysis: Analysis;
  /** Differences that were met and that are known, by the call at which they begin. */
  readonly met: Map<CallId, readonly string[]>;
}

/** @returns or why tfjs-layers cannot run the model */
export async function openLayers(analysis: Analysis, index: WeightIndex | null): Promise<LayersReference | { readonly reason: string }> {
  const { lowered, selected } = analysis;
  const weights = index === null ? [] : await liveWeights(lowered, index);
  const peer = await openPeer(selected, lowered.weights, weights);
  return isPeer(peer) ? { peer, analysis, met: new Map() } : peer;
}

/** The values that layers give: those that can be compared. */
export const layerValues = ({ values }: Analysis): ReadonlySet<string> => new Set(values.values());

/** Kernels are the same ones, put together otherwise. */
const TOLERANCE = 2e-5;

/**
 * Runs a case in tfjs-layers and compares layer by layer with what skipc's program gave, unrewritten. What begins at a known divergence
 * is noted, and what depends on it is not compared.
 * @returns null where the case has inputs that tfjs-layers does not take; a reason where it gives up
 */
export function matchLayers(
  { peer, analysis, met }: LayersReference,
  inputs: ReadonlyMap<string, Held>,
  expected: Expectation,
): Match | { readonly reason: string } | null {
  // It has no use for a batch of nothing.
  const isEmpty = [...inputs.values()].some(({ data }) => data.length === 0);
  if (isEmpty || peer.leftOut.some((key) => inputs.has(key))) return null;
  const matching = new Matching();
  const calls = new Map(analysis.selected.calls.map((call) => [call.id, call]));
  const otherwise = new Set<CallId>();
  const isOff = (tensor: TensorId): boolean => otherwise.has(splitTensor(tensor).call);
  const see = (id: CallId, outputs: readonly Held[]): void => {
    const call = calls.get(id);
    if (call === undefined || tensorsOf(call).some(isOff)) {
      otherwise.add(id);
      return;
    }
    for (const [k, held] of outputs.entries()) {
      const value = analysis.values.get(`${id}:${k}`);
      const of = value === undefined ? undefined : expected.values.get(value)?.[0];
      if (value === undefined || of === undefined) continue;
      // What is compared is what skipc computes; that of tfjs-layers is what was expected.
      const comparison = compare(of.held, held, atLeast(of.allowance, of.held));
      if (comparison.isWithin) {
        matching.add({ value, isOutput: false, site: null, step: null }, comparison);
        continue;
      }
      otherwise.add(id);
      const known = peer.divergences.get(id);
      if (known === undefined) matching.add({ value, isOutput: false, site: null, step: null }, comparison);
      else met.set(id, known);
    }
  };
  let failure: string | null = null;
  withTensors(inputs, (tensors) => {
    let outputs: NamedTensorMap = {};
    try {
      outputs = peer.run(tensors, { seen: (id, found) => see(id, found.map(heldIn)) });
    } catch (error) {
      failure = error instanceof PeerFailure ? error.message : `tfjs-layers cannot run it: ${(error as Error).message}`;
    }
    for (const tensor of Object.values(outputs)) tensor.dispose();
  });
  const match = matching.finish();
  return failure !== null && match.mismatches.length === 0 ? { reason: failure } : match;
}

const atLeast = ({ absolute, unstable }: Allowance, { data }: Held): Allowance => {
  let largest = 0;
  if (data instanceof Float32Array) for (const x of data) if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x));
  return { absolute: Math.max(absolute, TOLERANCE * largest), unstable };
};
