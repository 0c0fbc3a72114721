import type { Op } from '../../ir/program.ts';
import type { BackendTraits } from '../backends.ts';
import type { Graph } from '../graph.ts';
import type { Workshop } from './channels.ts';
import { linearOf } from './linear.ts';

const FINISHING: ReadonlySet<string> = new Set(['conv2d', 'depthwiseConv2d', 'matMul']);

/** A convolution or product that can take a bias and an activation, as it stands in the program. */
export interface Product {
  readonly op: Op;
  readonly kernel: string;
  /** The reshape behind a product of batches of one matrix, where the backend's kernel takes no other. */
  readonly reshape: Op | null;
}

/** The product that gives a value, or null. */
export function productOf(name: string, graph: Graph, traits: BackendTraits): Product | null {
  const maker = graph.makerOf(name);
  if (maker === undefined) return null;
  if (maker.op === 'reshape') return traits.fusesMatricesOfRank3 ? batchOfOne(maker, graph) : null;
  if (!FINISHING.has(maker.op)) return null;
  // Batches of matrices by one matrix are what no batch of one is.
  const isBatch = maker.op === 'matMul' && graph.typeOf(maker.operands[0] as string).shape.length > 2;
  const linear = isBatch && traits.fusesMatricesOfRank3 ? null : linearOf(maker, graph);
  return linear && { ...linear, reshape: null };
}

function batchOfOne(reshape: Op, graph: Graph): Product | null {
  const name = reshape.operands[0] as string;
  const op = graph.makerOf(name);
  if (op?.op !== 'matMul' || (op.attrs['activation'] ?? 'linear') !== 'linear') return null;
  const [x, kernel] = op.operands as readonly [string, string];
  const isOne = graph.typeOf(kernel).shape.length === 3 && graph.typeOf(x).shape[0] === 1 && graph.typeOf(kernel).shape[0] === 1;
  const isAlone = graph.usesOf(name) === 1 && !graph.isReturned(name);
  return isOne && isAlone && graph.isFixed(kernel) ? { op, kernel, reshape } : null;
}

/**
 * The ops of a product that takes more operands or other attributes: a fused product of matrices becomes one of batches of one
 * matrix, A B = ([A] [B])[0], where the backend's kernel takes no other.
 */
export function finished(
  product: Product,
  finish: readonly string[],
  attrs: Op['attrs'],
  result: string,
  graph: Graph,
  traits: BackendTraits,
  workshop: Workshop,
): readonly Op[] {
  const { op, reshape } = product;
  const [x, kernel, ...before] = op.operands as readonly [string, string, ...string[]];
  const operands = [...before, ...finish];
  const isMatrix = op.op === 'matMul' && reshape === null && traits.fusesMatricesOfRank3;
  if (!isMatrix && reshape === null) return workshop.finish(op.op, [x, kernel, ...operands], attrs, result);
  const base = op.layers.at(-1) ?? result;
  const rows = isMatrix ? workshop.make('reshape', [x], { shape: [1, ...graph.typeOf(x).shape] }, base, 'rows') : x;
  const matrix = isMatrix ? workshop.make('reshape', [kernel], { shape: [1, ...graph.typeOf(kernel).shape] }, base, 'matrix') : kernel;
  const y = workshop.make(op.op, [rows, matrix, ...operands], attrs, result, 'product');
  return workshop.finish('reshape', [y], { shape: graph.typeOf(result).shape }, result);
}
