import { conv1d, conv2d, conv3d } from './convolutional/conv.ts';
import { conv1dTranspose, conv2dTranspose, conv3dTranspose } from './convolutional/conv-transpose.ts';
import { depthwiseConv1d, depthwiseConv2d } from './convolutional/depthwise-conv.ts';
import { separableConv1d, separableConv2d } from './convolutional/separable-conv.ts';
import { dense } from './core/dense.ts';
import {
  adaptiveAveragePooling1d,
  adaptiveAveragePooling2d,
  adaptiveAveragePooling3d,
  adaptiveMaxPooling1d,
  adaptiveMaxPooling2d,
  adaptiveMaxPooling3d,
} from './pooling/adaptive-pooling.ts';
import {
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
} from './pooling/global-pooling.ts';
import { averagePooling1d, averagePooling2d, averagePooling3d, maxPooling1d, maxPooling2d, maxPooling3d } from './pooling/pooling.ts';
import type { LayerRow } from './row.ts';

/** Every built-in layer. Adding one is its file and a line here. */
export const layerRows = [
  dense,
  conv1d,
  conv2d,
  conv3d,
  conv1dTranspose,
  conv2dTranspose,
  conv3dTranspose,
  depthwiseConv1d,
  depthwiseConv2d,
  separableConv1d,
  separableConv2d,
  adaptiveAveragePooling1d,
  adaptiveAveragePooling2d,
  adaptiveAveragePooling3d,
  adaptiveMaxPooling1d,
  adaptiveMaxPooling2d,
  adaptiveMaxPooling3d,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
] as unknown as readonly LayerRow[];

/** Rows by every class name under which they are saved. */
export const builtInLayers: ReadonlyMap<string, LayerRow> = new Map(
  layerRows.flatMap((row) => [row.className, ...(row.aliases ?? [])].map((name) => [name, row] as const)),
);
