import { tfjsDType } from '../../../src/ops/elementwise/cast.ts';
import { opRow } from '../../../src/ops/index.ts';
import { CannotRun } from '../peers/peer.ts';
import type { ConcreteOp, ConcreteType } from '../straight/concrete.ts';
import { attr, type Graph, type GraphDType, type GraphNode } from './nodes.ts';

/** Adds the nodes of an op; they take the operands by these names. Returns the names of its results. */
type Row = (op: ConcreteOp, inputs: readonly string[], graph: Graph) => readonly string[];

const numbers = (value: unknown): readonly number[] => value as readonly number[];
const resultOf = ({ results }: ConcreteOp): ConcreteType => results[0] as ConcreteType;
export const graphDType = ({ dtype }: ConcreteType): GraphDType => tfjsDType(dtype) as GraphDType;

/** Sizes of height and width as TensorFlow has them for all four axes. */
const overAll = (sizes: unknown): readonly number[] => [1, ...numbers(sizes), 1];

function windowAttrs({ attrs }: ConcreteOp): GraphNode['attr'] {
  const { strides, pad } = attrs;
  const around = Array.isArray(pad) ? [0, 0, ...(pad as readonly (readonly number[])[]).flat(), 0, 0] : null;
  return {
    strides: attr.integers(overAll(strides)),
    padding: attr.text(around === null ? String(pad).toUpperCase() : 'EXPLICIT'),
    data_format: attr.text('NHWC'),
    ...(around === null ? {} : { explicit_paddings: attr.integers(around) }),
  };
}

const ACTIVATIONS: Readonly<Record<string, string>> = { relu: 'Relu', relu6: 'Relu6', elu: 'Elu', sigmoid: 'Sigmoid' };

/** A node that is another where a bias is added or an activation applied: what the converter's grappler fuses, and nodes of their own for the rest. */
function finished(plain: string, fused: string, attrsOf: (op: ConcreteOp) => GraphNode['attr']): Row {
  return (op, inputs, graph) => {
    const activation = String(op.attrs['activation'] ?? 'linear');
    const name = ACTIVATIONS[activation];
    if (activation !== 'linear' && name === undefined) throw new CannotRun(`no node for the activation ${activation}`);
    const [x, filter, bias] = inputs as [string, string, string | undefined];
    const attrs = { ...attrsOf(op), T: attr.type('float32') };
    const isMatrix = resultOf(op).shape.length === 2 || plain !== 'MatMul';
    if (bias !== undefined && isMatrix && activation !== 'sigmoid') {
      const fusedOps = attr.texts(['BiasAdd', ...(name === undefined ? [] : [name])]);
      return [graph.add(fused, [x, filter, bias], { ...attrs, num_args: attr.integer(1), fused_ops: fusedOps })];
    }
    const product = isMatrix
      ? graph.add(plain, [x, filter], attrs)
      : graph.add('BatchMatMulV2', [x, filter], {
          adj_x: attr.flag(op.attrs['transposeA'] === true),
          adj_y: attr.flag(op.attrs['transposeB'] === true),
        });
    const sum = bias === undefined ? product : graph.add('AddV2', [product, bias]);
    return [name === undefined ? sum : graph.add(name, [sum])];
  };
}

const convolution = (op: ConcreteOp): GraphNode['attr'] => ({
  ...windowAttrs(op),
  dilations: attr.integers(overAll(op.attrs['dilations'])),
});
const product = ({ attrs }: ConcreteOp): GraphNode['attr'] => ({
  transpose_a: attr.flag(attrs['transposeA'] === true),
  transpose_b: attr.flag(attrs['transposeB'] === true),
});

const pool =
  (node: string): Row =>
  (op, inputs, graph) => [graph.add(node, inputs, { ...windowAttrs(op), ksize: attr.integers(overAll(op.attrs['window'])) })];
const reduce =
  (node: string): Row =>
  ({ attrs }, inputs, graph) => [
    graph.add(node, [...inputs, graph.integers(numbers(attrs['axes']))], { keep_dims: attr.flag(attrs['keepDims'] === true) }),
  ];
const reshape: Row = (op, inputs, graph) => [graph.add('Reshape', [inputs[0] as string, graph.integers(resultOf(op).shape)])];

/** A node that takes attributes of the op as tensors behind the operands. */
const taking =
  (node: string, ...attrs: readonly string[]): Row =>
  (op, inputs, graph) => [
    graph.add(node, [
      ...inputs,
      ...attrs.map((name) =>
        Array.isArray(op.attrs[name]) ? graph.integers(numbers(op.attrs[name])) : graph.integer(Number(op.attrs[name])),
      ),
    ]),
  ];

/** A constant of floats. */
const float = (graph: Graph, value: unknown): string => graph.constant(Float32Array.of(Number(value)), [], 'float32');

const ROWS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['conv2d', finished('Conv2D', '_FusedConv2D', convolution)],
  ['depthwiseConv2d', finished('DepthwiseConv2dNative', 'FusedDepthwiseConv2dNative', convolution)],
  ['matMul', finished('MatMul', '_FusedMatMul', product)],
  ['avgPool', pool('AvgPool')],
  ['maxPool', pool('MaxPool')],
  ['max', reduce('Max')],
  ['mean', reduce('Mean')],
  ['min', reduce('Min')],
  ['prod', reduce('Prod')],
  ['sum', reduce('Sum')],
  ['add', (_, inputs, graph) => [graph.add('AddV2', inputs)]],
  ['mul', (_, inputs, graph) => [graph.add('Mul', inputs)]],
  ['where', (_, inputs, graph) => [graph.add('SelectV2', inputs)]],
  ['cast', (op, inputs, graph) => [graph.add('Cast', inputs, { DstT: attr.type(graphDType(resultOf(op))) })]],
  ['leakyRelu', ({ attrs }, inputs, graph) => [graph.add('LeakyRelu', inputs, { alpha: attr.number(Number(attrs['alpha'])) })]],
  [
    'clipByValue',
    ({ attrs }, inputs, graph) => [graph.add('ClipByValue', [...inputs, float(graph, attrs['min']), float(graph, attrs['max'])])],
  ],
  [
    'concat',
    ({ attrs }, inputs, graph) => [
      graph.add('ConcatV2', [...inputs, graph.integer(Number(attrs['axis']))], { N: attr.integer(inputs.length) }),
    ],
  ],
  [
    'split',
    ({ attrs, results }, inputs, graph) => {
      const node = graph.add('SplitV', [...inputs, graph.integers(numbers(attrs['sizes'])), graph.integer(Number(attrs['axis']))]);
      return results.map((_, i) => (i === 0 ? node : `${node}:${i}`));
    },
  ],
  [
    'slice',
    (op, inputs, graph) => [
      graph.add('Slice', [...inputs, graph.integers(numbers(op.attrs['begin'])), graph.integers(resultOf(op).shape)]),
    ],
  ],
  [
    'pad',
    ({ attrs }, inputs, graph) => {
      const pairs = attrs['paddings'] as readonly (readonly number[])[];
      const paddings = graph.constant(Int32Array.from(pairs.flat()), [pairs.length, 2], 'int32');
      return [graph.add('PadV2', [...inputs, paddings, float(graph, attrs['value'])])];
    },
  ],
  ['tile', taking('Tile', 'reps')],
  ['transpose', taking('Transpose', 'perm')],
  ['gather', taking('GatherV2', 'axis')],
  ['reshape', reshape],
  [
    'fill',
    (op, _, graph) => {
      const { shape } = resultOf(op);
      const dtype = graphDType(resultOf(op));
      const make = dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array;
      const count = shape.reduce((product, size) => product * size, 1);
      return [graph.constant(new make(count).fill(Number(op.attrs['value'])), shape, dtype)];
    },
  ],
]);

/**
 * Adds the nodes of an op to a graph.
 * @returns the names of its results
 * @throws CannotRun naming the op where there is no node for it
 */
export function addNodes(op: ConcreteOp, inputs: readonly string[], graph: Graph): readonly string[] {
  const row = ROWS.get(op.op);
  if (row !== undefined) return row(op, inputs, graph);
  // Most kernels have the names of the nodes they were made after.
  const [kernel, ...others] = opRow(op.op)?.kernels ?? [];
  if (kernel === undefined || others.length > 0 || Object.keys(op.attrs).length > 0) throw new CannotRun(`no node for the op ${op.op}`);
  return [graph.add(kernel, inputs)];
}
