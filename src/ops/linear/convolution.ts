import { elements, isKnown, type Shape, type TensorType } from '../../ir/types.ts';
import { object, type Static, withDefault } from '../../schema/build.ts';
import { code, join, runtime, tf } from '../code.ts';
import { at, type Emission, type InferredType, mismatch, op, takes } from '../row.ts';
import { checkFinishing, FINISHED_ARITY, finishing, finishingCost, finishingOptions, isFinished } from './activation.ts';
import { explicitPadding, type Padding, padding, sizes, span, windowed } from './window.ts';

const attrs2d = object({ strides: sizes(2), pad: explicitPadding, dilations: withDefault(sizes(2), [1, 1]), ...finishing });
const attrs3d = object({ strides: sizes(3), pad: padding, dilations: withDefault(sizes(3), [1, 1, 1]) });

interface Movement {
  readonly strides: readonly number[];
  readonly pad: Padding;
  readonly dilations: readonly number[];
}

/** Types of a convolution over `rank` spatial axes, channels last, the kernel's last two axes being channels in and out. */
function inferConvolution(operands: readonly TensorType[], attrs: Movement, rank: number): InferredType {
  const [x, kernel] = [at(operands, 0), at(operands, 1)];
  if (x.shape.length !== rank + 2 || kernel.shape.length !== rank + 2)
    mismatch(`a convolution over ${rank} axes takes rank ${rank + 2}`, operands);
  if (x.shape[rank + 1] !== kernel.shape[rank]) mismatch("the input's channels are not the kernel's", operands);
  return { dtype: 'f32', shape: [at(x.shape, 0), ...movedOver(operands, attrs, rank), at(kernel.shape, rank + 1)] };
}

/** Spatial sizes after the kernel has moved over the input. */
function movedOver(operands: readonly TensorType[], { strides, pad, dilations }: Movement, rank: number) {
  takes(['f32'], 'a convolution', operands);
  const [x, kernel] = [at(operands, 0), at(operands, 1)];
  if (!kernel.shape.every(isKnown)) mismatch('a convolution takes a kernel of known sizes', operands);
  // tfjs has no kernel for both at once, nor has Keras.
  if (strides.some((stride) => stride > 1) && dilations.some((dilation) => dilation > 1))
    mismatch('a convolution takes strides or dilations, not both', operands);
  return Array.from({ length: rank }, (_, i) =>
    windowed(
      at(x.shape, i + 1),
      span(Number(kernel.shape[i]), at(dilations, i)),
      at(strides, i),
      typeof pad === 'string' ? pad : at(pad, i),
      operands,
    ),
  );
}

/** Two operations a tap: every output element takes one multiply-add from each element of its kernel column. */
const tapCost = (results: readonly TensorType[], taps: Shape): number => 2 * elements(at(results, 0).shape) * elements(taps);

export const conv2d = op({
  doc: '2-D convolution, NHWC by HWIO, plus a bias, under an activation',
  attrs: attrs2d,
  arity: FINISHED_ARITY,
  infer(operands, attrs) {
    const type = inferConvolution(operands, attrs, 2);
    checkFinishing(operands, attrs, type.shape[3]);
    return type;
  },
  cost: (operands, results, attrs) => tapCost(results, at(operands, 1).shape.slice(0, 3)) + finishCost(operands, results, attrs),
  kernels: ['Conv2D', 'FusedConv2D'],
  runs: (operands, attrs) => [isFinished(operands, attrs) ? 'FusedConv2D' : 'Conv2D'],
  emit: (emission) => emitMoved('runConv2d', emission),
});

export const conv3d = op({
  doc: '3-D convolution, NDHWC by DHWIO',
  attrs: attrs3d,
  arity: 2,
  infer: (operands, attrs) => inferConvolution(operands, attrs, 3),
  cost: (operands, results) => tapCost(results, at(operands, 1).shape.slice(0, 4)),
  kernels: ['Conv3D'],
  emit: ({ args, attrs: { strides, pad, dilations } }) =>
    dilations.every((dilation) => dilation === 1)
      ? code`${tf('conv3d')}(${at(args, 0)}, ${at(args, 1)}, ${strides}, ${pad})`
      : code`${tf('conv3d')}(${at(args, 0)}, ${at(args, 1)}, ${strides}, ${pad}, ${'NDHWC'}, ${dilations})`,
});

export const depthwiseConv2d = op({
  doc: '2-D convolution of each channel by its own kernels, NHWC by HWCM: C * M channels come out, plus a bias, under an activation',
  attrs: attrs2d,
  arity: FINISHED_ARITY,
  infer(operands, attrs) {
    const [x, kernel] = [at(operands, 0), at(operands, 1)];
    if (x.shape.length !== 4 || kernel.shape.length !== 4) mismatch('a depthwise convolution takes rank 4', operands);
    if (x.shape[3] !== kernel.shape[2]) mismatch("the input's channels are not the kernel's", operands);
    const channels = Number(kernel.shape[2]) * Number(kernel.shape[3]);
    checkFinishing(operands, attrs, channels);
    return { dtype: 'f32', shape: [at(x.shape, 0), ...movedOver(operands, attrs, 2), channels] };
  },
  cost: (operands, results, attrs) => tapCost(results, at(operands, 1).shape.slice(0, 2)) + finishCost(operands, results, attrs),
  kernels: ['DepthwiseConv2dNative', 'FusedDepthwiseConv2D'],
  runs: (operands, attrs) => [isFinished(operands, attrs) ? 'FusedDepthwiseConv2D' : 'DepthwiseConv2dNative'],
  emit: (emission) => emitMoved('runDepthwiseConv2d', emission),
});

const finishCost = (operands: readonly TensorType[], results: readonly TensorType[], attrs: Static<typeof attrs2d>): number =>
  finishingCost(operands.length, attrs) * elements(at(results, 0).shape);

function emitMoved(run: string, { args, attrs }: Emission<Static<typeof attrs2d>>) {
  const { strides, pad, dilations } = attrs;
  const options = [
    code`strides: ${strides}`,
    code`pad: ${typeof pad === 'string' ? pad : [[0, 0], ...pad, [0, 0]]}`,
    ...(dilations.some((dilation) => dilation > 1) ? [code`dilations: ${dilations}`] : []),
    ...finishingOptions(args.slice(2), attrs),
  ];
  return code`${runtime(run)}(${at(args, 0)}, ${at(args, 1)}, { ${join(options, ', ')} })`;
}
