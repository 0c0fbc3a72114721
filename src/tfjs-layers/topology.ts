import { layersWith } from '../layers/index.ts';
import { type Lowered, lower } from '../lower/lower.ts';
import {
  type Arg,
  type Call,
  type CallId,
  type Layer,
  type Masks,
  type ModelGraph,
  type ModelInput,
  splitTensor,
  type TensorId,
  tensorsIn,
} from '../model/graph.ts';
import { readNested } from '../read/nested.ts';
import { Inexpressible, type PeerConfig, peerConfig } from './configs.ts';

/** A model in the terms of tfjs-layers: layers, and calls of these with a list of tensors each. */
export interface PeerTopology {
  readonly layers: ReadonlyMap<Layer, PeerConfig>;
  /** In an order in which they can run. */
  readonly calls: readonly PeerCall[];
  readonly inputs: readonly PeerInput[];
  /** Each once, and none that is an input. */
  readonly outputs: readonly TensorId[];
  /** Keys of inputs that it has no place for: it computes what the model does where they are left out. */
  readonly leftOut: readonly string[];
  /** What the model means, as skipc has it. */
  readonly lowered: Pick<Lowered, 'types' | 'masks'>;
}

export interface PeerCall {
  readonly id: CallId;
  readonly layer: Layer;
  /** Those of its first argument, then `states`. */
  readonly inputs: readonly TensorId[];
  /** How many of them are states that a recurrent layer starts from. */
  readonly states: number;
}

export interface PeerInput {
  readonly key: string;
  readonly tensor: TensorId;
  readonly shape: readonly (number | null)[];
  readonly dtype: string;
}

/** Why tfjs-layers cannot run a model. */
export interface NoPeer {
  /** A sentence without its end, that names the layer. */
  readonly reason: string;
  /** Path of the layer. */
  readonly layer: string | null;
}

/** Layers that may be called with states as well. */
const LOOPS: ReadonlySet<string> = new Set(['RNN', 'SimpleRNN', 'GRU', 'LSTM', 'ConvLSTM2D', 'Bidirectional']);

/** Keras's dtypes by those that tfjs has: 64 bits are 32, and half floats are computed as floats. */
const DTYPES: ReadonlyMap<string, string> = new Map([
  ...['float16', 'bfloat16', 'float32', 'float64'].map((dtype) => [dtype, 'float32'] as const),
  ...['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32'].map((dtype) => [dtype, 'int32'] as const),
  ['bool', 'bool'],
]);

/**
 * A model, whatever wrote it, as tfjs-layers can hold it; or why it cannot.
 * @param graph of which skipc can compile all
 */
export function peerTopology(graph: ModelGraph): PeerTopology | NoPeer {
  const lowered = lower(graph, 'peer', layersWith([]), { tolerant: true, readNested });
  const given = new Map(graph.inputs.map((input) => [input.tensor, input]));
  const outputs = [...new Set(graph.outputs.map(({ tensor }) => tensor))].filter((tensor) => !given.has(tensor));
  const wanted = new Set<TensorId>(outputs);
  const wantedCalls = new Set(outputs.map((tensor) => splitTensor(tensor).call));
  const layers = new Map<Layer, PeerConfig>();
  const calls: PeerCall[] = [];
  // From the outputs back: what only makes masks that tfjs-layers hands on by itself is no part of it.
  for (const call of graph.calls.toReversed()) {
    if (!wantedCalls.has(call.id)) continue;
    const { layer } = call;
    try {
      if (!layers.has(layer)) layers.set(layer, peerConfig(layer.className, layer.config));
      const called = inputsOf(call, lowered.masks, given);
      calls.push({ id: call.id, layer, ...called });
      for (const tensor of called.inputs) {
        wanted.add(tensor);
        wantedCalls.add(splitTensor(tensor).call);
      }
    } catch (error) {
      if (!(error instanceof Inexpressible)) throw error;
      return { reason: `${JSON.stringify(layer.path)}: ${error.message}`, layer: layer.path };
    }
  }
  const inputs: PeerInput[] = [];
  for (const { key, tensor, shape, dtype } of graph.inputs) {
    if (!wanted.has(tensor)) continue;
    const known = DTYPES.get(dtype);
    if (known === undefined) return { reason: `tfjs-layers does not take the input ${JSON.stringify(key)} of ${dtype}`, layer: null };
    inputs.push({ key, tensor, shape, dtype: known });
  }
  if (inputs.length === 0) return { reason: 'a model of tfjs-layers takes an input, and nothing here depends on one', layer: null };
  const leftOut = graph.inputs.filter(({ tensor }) => !wanted.has(tensor)).map(({ key }) => key);
  return { layers, calls: calls.reverse(), inputs, outputs, leftOut, lowered };
}

/**
 * The tensors that a layer is called with in tfjs-layers: those of its first argument, then states.
 * @throws Inexpressible where the call says more than tfjs-layers hands to a layer
 */
function inputsOf(call: Call, masks: Masks, given: ReadonlyMap<TensorId, ModelInput>): Pick<PeerCall, 'inputs' | 'states'> {
  const isCarried = (mask: TensorId, of: TensorId): boolean => masks.of.get(mask)?.has(of) === true || given.get(mask)?.maskOf === of;
  if (call.unmasked !== undefined) refuse('what took the mask off its input is not in this part of the model');
  for (const { tensor, mask } of call.entering ?? []) {
    if (!isCarried(mask, tensor)) refuse('tfjs-layers does not take a mask as an argument of a call');
  }
  const named = Object.entries(call.kwargs).filter(([, arg]) => tensorsIn(arg).length > 0);
  const [first = named.shift()?.[1] ?? null, ...others] = call.args;
  const inputs = tensorsIn(first);
  const states: TensorId[] = [];
  const further = [...others.map((arg, i): [string, Arg] => [i === 0 && LOOPS.has(call.layer.className) ? STATE : '', arg]), ...named];
  for (const [keyword, arg] of further) {
    const tensors = tensorsIn(arg);
    if (keyword === STATE && LOOPS.has(call.layer.className)) states.push(...tensors);
    else if (keyword !== 'mask' && tensors.length > 0) refuse('tfjs-layers hands a layer only the first argument of its call');
    else if (!tensors.every((mask) => inputs.some((tensor) => isCarried(mask, tensor)))) {
      refuse('tfjs-layers does not take a mask as an argument of a call');
    }
  }
  // A list that a recurrent layer is called with begins with its sequence.
  const listed = LOOPS.has(call.layer.className) ? inputs.length - 1 : 0;
  return { inputs: [...inputs, ...states], states: listed + states.length };
}

const STATE = 'initial_state';

const refuse = (reason: string): never => {
  throw new Inexpressible(reason);
};
