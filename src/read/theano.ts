import { diagnostic, type SkipcError } from '../diagnostics/error.ts';
import type { ModelGraph } from '../model/graph.ts';
import type { Found } from './detect.ts';

/** Layers whose kernels Keras 2.0 to 2.2 turned over where one backend read what another had written. */
const CONVOLUTIONS: ReadonlySet<string> = new Set(['Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose', 'ConvLSTM2D']);

/** A warning where a model with convolutions was written with Theano, whose convolution is no correlation as all others are. */
export function theanoWarnings({ around }: Found, graph: ModelGraph, file: string | undefined): readonly SkipcError[] {
  if (!around.some((object) => object['backend'] === 'theano')) return [];
  const call = graph.calls.find(({ layer }) => CONVOLUTIONS.has(layer.className));
  return call === undefined ? [] : [diagnostic('theano-kernels', { layer: call.layer.path }, { file, layer: call.layer.path })];
}
