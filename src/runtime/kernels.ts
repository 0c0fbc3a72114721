import { engine, type NamedTensorMap, type Tensor, type Tensor1D, type Tensor4D } from '@tensorflow/tfjs-core';

/** What a kernel does to its result before it hands it on. */
export interface Finish {
  bias?: Tensor1D;
  activation?: string;
  /** Slope of leakyrelu. */
  alpha?: number;
  /** Slopes of prelu. */
  slopes?: Tensor1D;
}

/** How a window moves. */
export interface Movement extends Finish {
  strides: [number, number];
  pad: 'same' | 'valid' | [number, number][];
  dilations?: [number, number];
}

/** `fused.conv2d` or `conv2d` of tfjs: the kernel alone, without the checks that were made when compiling and the gradient. */
export function runConv2d(x: Tensor4D, filter: Tensor4D, options: Movement): Tensor4D {
  return runFinished('Conv2D', 'FusedConv2D', { x, filter }, moved(options), options) as Tensor4D;
}

/** As `runConv2d`, each channel by its own kernels. */
export function runDepthwiseConv2d(x: Tensor4D, filter: Tensor4D, options: Movement): Tensor4D {
  return runFinished('DepthwiseConv2dNative', 'FusedDepthwiseConv2D', { x, filter }, moved(options), options) as Tensor4D;
}

/** `fused.matMul` or `matMul` of tfjs, as kernels; the wasm kernel of the first takes tensors of rank 3 alone. */
export function runMatMul(a: Tensor, b: Tensor, options: Finish & { transposeA?: boolean; transposeB?: boolean } = {}): Tensor {
  const { transposeA = false, transposeB = false } = options;
  return runFinished('BatchMatMul', '_FusedMatMul', { a, b }, { transposeA, transposeB }, options);
}

type KernelAttributes = NonNullable<Parameters<ReturnType<typeof engine>['runKernel']>[2]>;

const moved = ({ strides, pad, dilations = [1, 1] }: Movement): KernelAttributes => ({ strides, pad, dilations, dataFormat: 'NHWC' });

function runFinished(
  plain: string,
  fused: string,
  operands: NamedTensorMap,
  attrs: KernelAttributes,
  { bias, activation = 'linear', alpha, slopes }: Finish,
): Tensor {
  if (bias === undefined && activation === 'linear') return engine().runKernel(plain, operands, attrs);
  const inputs = { ...operands, bias, preluActivationWeights: slopes } as NamedTensorMap;
  return engine().runKernel(fused, inputs, { ...attrs, activation, leakyreluAlpha: alpha } as KernelAttributes);
}
