import type { Op } from '../../ir/program.ts';
import { type Dim, isKnown } from '../../ir/types.ts';
import { span } from '../../ops/linear/window.ts';
import { type Graph, layersOf, resultOf } from '../graph.ts';
import type { Rule } from '../rule.ts';
import { Workshop } from './channels.ts';

type Pairs = readonly (readonly number[])[];

/** Zeros put around an image become the padding of the convolution over it. */
export const foldPadding: Rule = {
  name: 'fold-padding',
  equation: 'pad(x, 0) *valid K = x *pad K',
  at: ['conv2d', 'depthwiseConv2d'],
  apply(op, graph) {
    const [image, kernel, ...finish] = op.operands as readonly [string, string, ...string[]];
    const maker = graph.makerOf(image);
    if (maker?.op !== 'pad' || maker.attrs['value'] !== 0 || op.attrs['pad'] === 'same') return null;
    const paddings = maker.attrs['paddings'] as Pairs;
    if ([0, 3].some((axis) => paddings[axis]?.some((count) => count > 0))) return null;
    if (graph.isReturned(image)) return { refused: `${image} is also an output` };
    if (graph.usesOf(image) > 1) return { refused: `${image} has another use` };
    const x = maker.operands[0] as string;
    const own = op.attrs['pad'] === 'valid' ? null : (op.attrs['pad'] as Pairs);
    const pad = [1, 2].map((axis) => [0, 1].map((end) => (paddings[axis]?.[end] ?? 0) + (own?.[axis - 1]?.[end] ?? 0)));
    const workshop = new Workshop(graph, layersOf(maker, op));
    const attrs = { ...op.attrs, pad: isSame(op, x, kernel, pad, graph) ? 'same' : pad };
    return workshop.finish(op.op, [x, kernel, ...finish], attrs, resultOf(op).name);
  },
};

/**
 * True where TensorFlow's `same` would pad as much: of max((ceil(n / stride) - 1) stride + span - n, 0) in all, the smaller half first. A
 * stride beyond the window is left as it is, for there the wasm kernel pads otherwise.
 */
function isSame(op: Op, x: string, kernel: string, pad: Pairs, graph: Graph): boolean {
  const strides = op.attrs['strides'] as readonly number[];
  const dilations = (op.attrs['dilations'] ?? [1, 1]) as readonly number[];
  return pad.every(([before, after], i) => {
    const size = graph.typeOf(x).shape[i + 1] as Dim;
    const window = span(Number(graph.typeOf(kernel).shape[i]), dilations[i] as number);
    const stride = strides[i] as number;
    if (!isKnown(size) || stride > window) return false;
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + window - size, 0);
    return before === Math.floor(total / 2) && after === Math.ceil(total / 2);
  });
}
