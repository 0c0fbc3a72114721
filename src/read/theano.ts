import type { Layer, ModelGraph } from '../model/graph.ts';
import type { Found } from './detect.ts';
import { isObject } from './spec.ts';

/** Layers whose kernels are known to be stored as Theano convolves with them. */
const TURNED: ReadonlySet<string> = new Set(['Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose']);
/** Layers that convolve, and of which Keras 2.2 tells nothing, or turns two kernels. */
const UNTOLD: ReadonlySet<string> = new Set(['Conv3DTranspose', 'DepthwiseConv2D', 'SeparableConv1D', 'SeparableConv2D', 'ConvLSTM2D']);

type Config = Readonly<Record<string, unknown>>;

/**
 * Theano's convolution runs its kernel from the end to the start, which all others do not: a model that was saved with Theano has
 * kernels that are to be turned over (Keras 2.2's `_need_convert_kernel`; tf.keras and Keras 3 forget to). Layers of which it is not
 * known get a class that no layer has, so that they are refused where they are live.
 */
export function withTheanoKernels({ around }: Found, graph: ModelGraph): ModelGraph {
  const backend = around.map((object) => object['backend']).findLast((name) => typeof name === 'string');
  if (backend !== 'theano') return graph;
  const turned = new Map<Layer, Layer>();
  const turn = (layer: Layer): Layer => {
    const known = turned.get(layer) ?? { ...layer, ...turnedLayer(layer.className, layer.config) };
    turned.set(layer, known);
    return known;
  };
  return { ...graph, calls: graph.calls.map((call) => ({ ...call, layer: turn(call.layer) })) };
}

/** Recursive over wrappers, whose nesting is bounded. */
function turnedLayer(className: string, config: Config): { readonly className: string; readonly config: Config } {
  if (TURNED.has(className)) return { className, config: { ...config, turned_kernel: true } };
  if (UNTOLD.has(className)) return { className: `theano.${className}`, config };
  const { layer } = config;
  if (!isObject(layer) || typeof layer['class_name'] !== 'string' || !isObject(layer['config'])) return { className, config };
  const inner = turnedLayer(layer['class_name'], layer['config']);
  return { className, config: { ...config, layer: { ...layer, class_name: inner.className, config: inner.config } } };
}
