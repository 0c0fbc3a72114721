import { graphModel } from './graph-model.ts';
import { layersApply, layersPredict, subModel } from './layers.ts';
import { onnxRuntime } from './onnx-runtime.ts';
import type { Peer } from './peer.ts';
import { savedModel } from './saved-model.ts';
import { skipc } from './skipc.ts';
import { kernels, line } from './straight.ts';

/** All ways of evaluating a model; the first is what the others are compared with. */
export const peers: readonly Peer[] = [skipc, layersPredict, layersApply, subModel, graphModel, line, kernels, onnxRuntime, savedModel];
