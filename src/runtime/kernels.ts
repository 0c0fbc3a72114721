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

/** `fused.conv2d` or `conv2d` of tfjs: the kernel alone, without the checks that were made when compiling and without a gradient. */
export function runConv2d(x: Tensor4D, filter: Tensor4D, options: Movement): Tensor4D {
  return runMoved('Conv2D', 'FusedConv2D', x, filter, options);
}

/** As `runConv2d`, each channel by its own kernels. */
export function runDepthwiseConv2d(x: Tensor4D, filter: Tensor4D, options: Movement): Tensor4D {
  return runMoved('DepthwiseConv2dNative', 'FusedDepthwiseConv2D', x, filter, options);
}

function runMoved(plain: string, fused: string, x: Tensor4D, filter: Tensor4D, options: Movement): Tensor4D {
  const { strides, pad, dilations = [1, 1], bias, activation = 'linear', alpha, slopes } = options;
  if (bias === undefined && activation === 'linear')
    return engine().runKernel(plain, { x, filter }, { strides, pad, dilations, dataFormat: 'NHWC' });
  // Written out: objects that are spread out of others take longer than small kernels do.
  return engine().runKernel(fused, { x, filter, bias, preluActivationWeights: slopes } as NamedTensorMap, {
    strides,
    pad,
    dilations,
    dataFormat: 'NHWC',
    activation,
    leakyreluAlpha: alpha as number,
  });
}

/** What `runMatMul` does beside the product. */
export interface Product extends Finish {
  transposeA?: boolean;
  transposeB?: boolean;
}

/** `fused.matMul` or `matMul` of tfjs, as kernels. */
export function runMatMul<T extends Tensor>(a: Tensor, b: Tensor, options: Product = {}): T {
  const { transposeA = false, transposeB = false, bias, activation = 'linear', alpha, slopes } = options;
  if (bias === undefined && activation === 'linear') return engine().runKernel('BatchMatMul', { a, b }, { transposeA, transposeB });
  const attrs = { transposeA, transposeB, activation, leakyreluAlpha: alpha as number };
  const isMatrix = a.rank === 2 && engine().backendName === 'wasm';
  const [left, right] = isMatrix ? [batchOfOne(a), batchOfOne(b)] : [a, b];
  const product: T = engine().runKernel(
    '_FusedMatMul',
    { a: left, b: right, bias, preluActivationWeights: slopes } as NamedTensorMap,
    attrs,
  );
  if (!isMatrix) return product;
  const matrix: T = engine().runKernel('Reshape', { x: product }, { shape: product.shape.slice(1) });
  product.dispose();
  return matrix;
}

/** A matrix as the wasm kernel of fused products wants to see it: as the only one of a batch. The data are its own. */
const batchOfOne = ({ dataId, shape, dtype }: Tensor) => ({ dataId, shape: [1, ...shape], dtype });
