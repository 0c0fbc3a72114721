import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { initializers, input, layers, model } from '@tensorflow/tfjs-layers';
import { CLASSES, SIDE } from './load.ts';

/**
 * The two-headed digit CNN, untrained: `image` f32[?,28,28,1] to `main` and `aux`, both f32[?,10] softmax.
 *
 *     image - stem - block1 -+- block2 - block3 (residual) - main
 *                            `- aux
 *
 * `aux` needs about a seventh of the multiplications of `main`. Initialisers and dropout draw from fixed seeds.
 */
export function digitsModel(): LayersModel {
  let seed = 0;
  const heNormal = () => initializers.heNormal({ seed: ++seed });
  const glorot = () => initializers.glorotUniform({ seed: ++seed });
  const apply = (layer: layers.Layer, x: SymbolicTensor | SymbolicTensor[]) => layer.apply(x) as SymbolicTensor;

  // The bias of a convolution right before a batch norm would be redundant with its shift.
  const conv = (name: string, filters: number, x: SymbolicTensor) =>
    apply(layers.conv2d({ name, filters, kernelSize: 3, padding: 'same', useBias: false, kernelInitializer: heNormal() }), x);
  const norm = (name: string, x: SymbolicTensor) => apply(layers.batchNormalization({ name, momentum: 0.9 }), x);
  const relu = (name: string, x: SymbolicTensor) => apply(layers.activation({ name, activation: 'relu' }), x);
  const pool = (name: string, x: SymbolicTensor) => apply(layers.maxPooling2d({ name, poolSize: 2, strides: 2 }), x);

  const image = input({ name: 'image', shape: [SIDE, SIDE, 1] });

  let x = conv('stem_conv', 16, image);
  x = norm('stem_bn', x);
  x = relu('stem_relu', x);

  x = apply(
    layers.separableConv2d({
      name: 'block1_conv',
      filters: 24,
      kernelSize: 3,
      padding: 'same',
      useBias: false,
      depthwiseInitializer: heNormal(),
      pointwiseInitializer: heNormal(),
    }),
    x,
  );
  x = norm('block1_bn', x);
  x = relu('block1_relu', x);
  const block1 = pool('block1_pool', x);

  x = apply(layers.conv2d({ name: 'aux_conv', filters: 4, kernelSize: 1, activation: 'relu', kernelInitializer: heNormal() }), block1);
  x = apply(layers.flatten({ name: 'aux_flatten' }), x);
  x = apply(layers.dropout({ name: 'aux_dropout', rate: 0.3, seed: ++seed }), x);
  const aux = apply(layers.dense({ name: 'aux', units: CLASSES, activation: 'softmax', kernelInitializer: glorot() }), x);

  x = conv('block2_conv', 40, block1);
  x = norm('block2_bn', x);
  x = relu('block2_relu', x);
  const block2 = pool('block2_pool', x);

  x = conv('block3_conv1', 40, block2);
  x = norm('block3_bn1', x);
  x = relu('block3_relu1', x);
  x = conv('block3_conv2', 40, x);
  x = norm('block3_bn2', x);
  x = apply(layers.add({ name: 'block3_add' }), [block2, x]);
  x = relu('block3_relu2', x);

  x = apply(layers.globalAveragePooling2d({ name: 'main_pool' }), x);
  x = apply(layers.dropout({ name: 'main_dropout', rate: 0.3, seed: ++seed }), x);
  const main = apply(layers.dense({ name: 'main', units: CLASSES, activation: 'softmax', kernelInitializer: glorot() }), x);

  return model({ name: 'digits', inputs: image, outputs: [main, aux] });
}
