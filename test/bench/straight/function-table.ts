import { tfjsDType } from '../../../src/ops/elementwise/cast.ts';
import { opRow } from '../../../src/ops/index.ts';
import { CannotRun } from '../peers/peer.ts';
import type { ConcreteOp, ConcreteType } from './concrete.ts';
import { kernelCall } from './kernel-table.ts';

/** How a person writes an op with functions of tfjs: its attributes, as text, behind the operands. */
type Row = (op: ConcreteOp, args: readonly string[]) => string;

const text = (value: unknown): string => JSON.stringify(value);
const resultOf = ({ results }: ConcreteOp): ConcreteType => results[0] as ConcreteType;

/** A call with these attributes behind the operands. */
const call =
  (name: string, ...attrs: readonly string[]): Row =>
  (op, args) =>
    `${name}(${[...args, ...attrs.map((attr) => text(op.attrs[attr]))].join(', ')})`;

const reduce = (name: string): Row => call(name, 'axes', 'keepDims');
const resize =
  (name: string): Row =>
  (op, args) =>
    `image.${name}(${args[0]}, ${text(resultOf(op).shape.slice(1, 3))}, ${op.attrs['alignCorners']}, ${op.attrs['halfPixelCenters']})`;

/** Convolutions and products: the kernel's inputs and attributes are the properties that the fused functions take. */
function finished(name: string): Row {
  return (op, args) => {
    const { kernel, inputs, attrs } = kernelCall(op);
    if (!kernel.includes('Fused')) {
      const { strides, pad, dataFormat, dilations, transposeA, transposeB } = attrs;
      const given = name === 'matMul' ? [transposeA, transposeB] : [strides, pad, dataFormat, dilations];
      return `${name}(${[...args, ...given.map(text)].join(', ')})`;
    }
    const operands = (inputs ?? []).map((input, i) => `${input}: ${args[i]}`);
    const options = Object.entries(attrs).flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${text(value)}`]));
    return `fused.${name}({ ${[...operands, ...options].join(', ')} })`;
  };
}

/** Ops with attributes, or that tfjs's function of their name takes otherwise. */
const ROWS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['conv2d', finished('conv2d')],
  ['depthwiseConv2d', finished('depthwiseConv2d')],
  ['matMul', finished('matMul')],
  ['constant', (op) => `tensor(${text(op.attrs['values'])}, ${text(resultOf(op).shape)}, '${tfjsDType(resultOf(op).dtype)}')`],
  ['avgPool', call('avgPool', 'window', 'strides', 'pad')],
  ['maxPool', call('maxPool', 'window', 'strides', 'pad')],
  ...['all', 'any', 'max', 'mean', 'min', 'prod', 'sum'].map((name) => [name, reduce(name)] as const),
  ['argMax', call('argMax', 'axis')],
  ['argMin', call('argMin', 'axis')],
  ['leakyRelu', call('leakyRelu', 'alpha')],
  ['clipByValue', call('clipByValue', 'min', 'max')],
  ['cast', (op, args) => `cast(${args[0]}, '${tfjsDType(resultOf(op).dtype)}')`],
  ['concat', (op, args) => `concat([${args.join(', ')}], ${op.attrs['axis']})`],
  ['split', call('split', 'sizes', 'axis')],
  ['slice', (op, args) => `slice(${args[0]}, ${text(op.attrs['begin'])}, ${text(resultOf(op).shape)})`],
  ['pad', call('pad', 'paddings', 'value')],
  ['tile', call('tile', 'reps')],
  ['reverse', call('reverse', 'axes')],
  ['transpose', call('transpose', 'perm')],
  ['reshape', (op, args) => `reshape(${args[0]}, ${text(resultOf(op).shape)})`],
  ['gather', call('gather', 'axis')],
  ['oneHot', call('oneHot', 'depth')],
  ['fill', (op) => `fill(${text(resultOf(op).shape)}, ${text(op.attrs['value'])}, '${tfjsDType(resultOf(op).dtype)}')`],
  ['resizeBilinear', resize('resizeBilinear')],
  ['resizeNearestNeighbor', resize('resizeNearestNeighbor')],
]);

/**
 * An op as a call of tfjs's functions.
 * @throws CannotRun naming the op that is none
 */
export function functionCall(op: ConcreteOp, args: readonly string[]): string {
  const row = ROWS.get(op.op);
  if (row !== undefined) return row(op, args);
  if (opRow(op.op) === undefined || Object.keys(op.attrs).length > 0) throw new CannotRun(`no function for the op ${op.op}`);
  return `${op.op}(${args.join(', ')})`;
}
