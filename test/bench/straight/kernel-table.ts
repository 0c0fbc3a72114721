import { tfjsDType } from '../../../src/ops/elementwise/cast.ts';
import { opRow } from '../../../src/ops/index.ts';
import { CannotRun } from '../peers/peer.ts';
import type { ConcreteOp, ConcreteType } from './concrete.ts';

/** A kernel as tfjs's engine runs it. */
export interface KernelCall {
  readonly kernel: string;
  /** What the kernel calls its operands, in the op's order; null where it takes them as a list. */
  readonly inputs: readonly string[] | null;
  readonly attrs: Readonly<Record<string, unknown>>;
}

type Row = (op: ConcreteOp) => KernelCall;

const call = (kernel: string, inputs: readonly string[] | null, attrs: KernelCall['attrs'] = {}): KernelCall => ({ kernel, inputs, attrs });
const resultOf = ({ results }: ConcreteOp): ConcreteType => results[0] as ConcreteType;

const explicit = (pad: unknown): unknown => (Array.isArray(pad) ? [[0, 0], ...(pad as unknown[]), [0, 0]] : pad);
const window = ({ attrs }: ConcreteOp) => ({ strides: attrs['strides'], pad: explicit(attrs['pad']), dimRoundingMode: undefined });

/** An op that is another kernel where it adds a bias or applies an activation. */
function finished(plain: string, fused: string, inputs: readonly [string, string], attrs: (op: ConcreteOp) => KernelCall['attrs']): Row {
  return (op) => {
    const activation = op.attrs['activation'] ?? 'linear';
    if (op.operands.length === 2 && activation === 'linear') return call(plain, inputs, attrs(op));
    const given = [...inputs, 'bias', 'preluActivationWeights'].slice(0, op.operands.length);
    return call(fused, given, { ...attrs(op), activation, leakyreluAlpha: activation === 'leakyrelu' ? op.attrs['alpha'] : undefined });
  };
}

const moved = (op: ConcreteOp) => ({ ...window(op), dataFormat: 'NHWC', dilations: op.attrs['dilations'] });
const transposed = ({ attrs }: ConcreteOp) => ({ transposeA: attrs['transposeA'], transposeB: attrs['transposeB'] });
const pool =
  (kernel: string): Row =>
  (op) =>
    call(kernel, ['x'], { ...window(op), filterSize: op.attrs['window'] });
const reduce =
  (kernel: string, axis = 'axis'): Row =>
  ({ attrs }) =>
    call(kernel, ['x'], { [axis]: attrs['axes'], keepDims: attrs['keepDims'] });
const argument =
  (kernel: string): Row =>
  ({ attrs }) =>
    call(kernel, ['x'], { axis: attrs['axis'] });
const resize =
  (kernel: string): Row =>
  (op) =>
    call(kernel, ['images'], {
      alignCorners: op.attrs['alignCorners'],
      halfPixelCenters: op.attrs['halfPixelCenters'],
      size: resultOf(op).shape.slice(1, 3),
    });
const reshaped: Row = (op) => call('Reshape', ['x'], { shape: resultOf(op).shape });

/** Ops whose kernel has attributes, or operands by other names than `x`, or `a` and `b`. */
const ROWS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['conv2d', finished('Conv2D', 'FusedConv2D', ['x', 'filter'], moved)],
  ['depthwiseConv2d', finished('DepthwiseConv2dNative', 'FusedDepthwiseConv2D', ['x', 'filter'], moved)],
  ['matMul', finished('BatchMatMul', '_FusedMatMul', ['a', 'b'], transposed)],
  ['avgPool', pool('AvgPool')],
  ['maxPool', pool('MaxPool')],
  ['all', reduce('All')],
  ['any', reduce('Any')],
  ['max', reduce('Max', 'reductionIndices')],
  ['mean', reduce('Mean')],
  ['min', reduce('Min')],
  ['prod', reduce('Prod')],
  ['sum', reduce('Sum')],
  ['softmax', ({ operands }) => call('Softmax', ['logits'], { dim: (operands[0]?.shape.length ?? 0) - 1 })],
  ['argMax', argument('ArgMax')],
  ['argMin', argument('ArgMin')],
  ['topK', ({ attrs }) => call('TopK', ['x'], { k: attrs['k'], sorted: true })],
  ['leakyRelu', ({ attrs }) => call('LeakyRelu', ['x'], { alpha: attrs['alpha'] })],
  ['clipByValue', ({ attrs }) => call('ClipByValue', ['x'], { clipValueMin: attrs['min'], clipValueMax: attrs['max'] })],
  ['prelu', () => call('Prelu', ['x', 'alpha'])],
  [
    'cast',
    ({ attrs }) => {
      if (attrs['dtype'] === 'bool') throw new CannotRun('no kernel for the op cast to bool');
      return call('Cast', ['x'], { dtype: tfjsDType(attrs['dtype'] as ConcreteType['dtype']) });
    },
  ],
  ['where', () => call('Select', ['condition', 't', 'e'])],
  ['concat', ({ attrs }) => call('Concat', null, { axis: attrs['axis'] })],
  ['split', ({ attrs }) => call('SplitV', ['x'], { numOrSizeSplits: attrs['sizes'], axis: attrs['axis'] })],
  ['slice', (op) => call('Slice', ['x'], { begin: op.attrs['begin'], size: resultOf(op).shape })],
  ['pad', ({ attrs }) => call('PadV2', ['x'], { paddings: attrs['paddings'], constantValue: attrs['value'] })],
  ['tile', ({ attrs }) => call('Tile', ['x'], { reps: attrs['reps'] })],
  ['reverse', ({ attrs }) => call('Reverse', ['x'], { dims: attrs['axes'] })],
  ['transpose', ({ attrs }) => call('Transpose', ['x'], { perm: attrs['perm'] })],
  ['reshape', reshaped],
  ['gather', ({ attrs }) => call('GatherV2', ['x', 'indices'], { axis: attrs['axis'], batchDims: 0 })],
  ['oneHot', ({ attrs }) => call('OneHot', ['indices'], { dtype: 'int32', depth: attrs['depth'], onValue: 1, offValue: 0 })],
  ['fill', (op) => call('Fill', [], { shape: resultOf(op).shape, value: op.attrs['value'], dtype: tfjsDType(resultOf(op).dtype) })],
  ['resizeBilinear', resize('ResizeBilinear')],
  ['resizeNearestNeighbor', resize('ResizeNearestNeighbor')],
]);

/**
 * The kernel that an op comes down to.
 * @throws CannotRun naming the op where there is none
 */
export function kernelCall(op: ConcreteOp): KernelCall {
  const row = ROWS.get(op.op);
  if (row !== undefined) return row(op);
  const [kernel, ...others] = opRow(op.op)?.kernels ?? [];
  const inputs = [[], ['x'], ['a', 'b']][op.operands.length];
  if (kernel === undefined || inputs === undefined || others.length > 0 || Object.keys(op.attrs).length > 0) {
    throw new CannotRun(`no kernel for the op ${op.op}`);
  }
  return call(kernel, inputs);
}
