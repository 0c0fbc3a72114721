import { type CallId, type Masks, splitTensor, type TensorId } from '../model/graph.ts';
import { executionOrder } from './order.ts';
import type { PeerCall, PeerTopology } from './topology.ts';

/** A mask by where it is from: two of one origin are equal. Null is none. */
export type MaskOrigin = string | null;

/** The masks that a call works with. */
export interface CallMasks {
  /** In Keras: that of its first tensor. */
  readonly keras: MaskOrigin;
  /**
   * In tfjs-layers. Its executor keeps the arguments of one call for the next: a mask that it has handed to a layer it hands to all later
   * ones, until another takes its place.
   */
  readonly peer: MaskOrigin;
}

const LOOPS: ReadonlySet<string> = new Set(['RNN', 'SimpleRNN', 'GRU', 'LSTM', 'ConvLSTM2D']);
const MERGES: ReadonlySet<string> = new Set(['Add', 'Multiply', 'Average', 'Maximum', 'Minimum']);
/** Those that hand a mask on in tfjs-layers, whatever their config: `supportsMasking`. */
const HANDS_ON: ReadonlySet<string> = new Set([
  ...['Activation', 'PReLU', 'Dense', 'BatchNormalization', 'LayerNormalization', 'TimeDistributed'],
  ...['Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout'],
]);

/**
 * What every call is masked by, in Keras and in tfjs-layers.
 * @param masks of the model as Keras has them
 * @param isKeras3 since Keras 3 a merge has a mask where all its inputs have one
 */
export function masksByCall(topology: PeerTopology, masks: Masks, isKeras3: boolean): ReadonlyMap<CallId, CallMasks> {
  const calls = new Map(topology.calls.map((call) => [call.id, call]));
  const inKeras = new Map<TensorId, MaskOrigin>();
  for (const call of topology.calls) {
    const given = call.inputs.map((tensor) => inKeras.get(tensor) ?? null);
    // Only the first tensor of a call can be masked, but for both outputs of a Bidirectional.
    for (const k of [0, 1]) {
      const tensor = `${call.id}:${k}`;
      inKeras.set(tensor, masks.ranks.has(tensor) ? maskInKeras(call, given, isKeras3) : null);
    }
  }
  const inPeer = new Map<TensorId, MaskOrigin>();
  const found = new Map<CallId, CallMasks>();
  let handed: MaskOrigin = null;
  for (const tensor of executionOrder(topology)) {
    const call = calls.get(splitTensor(tensor).call);
    if (call === undefined) continue;
    const given = call.inputs.map((input) => inPeer.get(input) ?? null);
    if (given.some((mask) => mask !== null)) handed = given[0] ?? null;
    // A call that runs again, for its next tensor, does so with what has come between.
    const before = found.get(call.id)?.peer ?? handed;
    const peer = before === handed ? handed : `one of ${before} and ${handed}`;
    found.set(call.id, { keras: inKeras.get(call.inputs[0] as TensorId) ?? null, peer });
    inPeer.set(tensor, maskInPeer(call, given));
  }
  return found;
}

function maskInKeras({ id, layer }: PeerCall, given: readonly MaskOrigin[], isKeras3: boolean): MaskOrigin {
  const { className, config } = layer;
  if (className === 'Embedding' || className === 'Masking') return id;
  if (MERGES.has(className)) return alike(given.filter((mask) => mask !== null)) ?? `merged by ${id}`;
  if (className === 'Concatenate') return concatenated(id, config, given, isKeras3);
  return given[0] ?? `given by ${id}`;
}

function maskInPeer({ id, layer }: PeerCall, given: readonly MaskOrigin[]): MaskOrigin {
  const { className, config } = layer;
  const [first = null] = given;
  if (className === 'Embedding') return config['mask_zero'] === true ? id : null;
  if (className === 'Masking') return id;
  // An axis is put before each mask, and the last mask is left out.
  if (MERGES.has(className)) return first === null ? null : `first of ${id}`;
  if (className === 'Concatenate') return given.every((mask) => mask === null) ? null : concatenated(id, config, given, false);
  const loop = className === 'Bidirectional' ? (config['layer'] as { config?: Record<string, unknown> }).config : config;
  if (className === 'Bidirectional' || LOOPS.has(className)) return loop?.['return_sequences'] === true ? first : null;
  return HANDS_ON.has(className) ? first : null;
}

/** Keras 3 lets an element count that does so in any of the inputs, Keras 2 and tfjs-layers one that does in all. */
function concatenated(id: CallId, config: Readonly<Record<string, unknown>>, given: readonly MaskOrigin[], isKeras3: boolean): MaskOrigin {
  const same = (config['axis'] ?? -1) === -1 ? alike(given) : null;
  return same ?? `${isKeras3 ? 'any' : 'all'} of ${id}`;
}

/** The one that they all are, or null. */
const alike = (masks: readonly MaskOrigin[]): MaskOrigin => (masks.every((mask) => mask === masks[0]) ? (masks[0] ?? null) : null);
