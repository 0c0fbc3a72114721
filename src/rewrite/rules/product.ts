import type { Op } from '../../ir/program.ts';
import type { BackendTraits } from '../backends.ts';
import type { Graph } from '../graph.ts';
import { type Linear, linearOf } from './linear.ts';

const FINISHING: ReadonlySet<string> = new Set(['conv2d', 'depthwiseConv2d', 'matMul']);

/** The convolution or product that gives a value and can take a bias and an activation, or null. */
export function productOf(name: string, graph: Graph, { fusesBatches }: BackendTraits): Linear | null {
  const maker = graph.makerOf(name);
  if (maker === undefined || !FINISHING.has(maker.op)) return null;
  return isBatch(maker, graph) && !fusesBatches ? null : linearOf(maker, graph);
}

/** True for many matrices by one. */
const isBatch = ({ op, operands }: Op, graph: Graph): boolean => op === 'matMul' && graph.typeOf(operands[0] as string).shape.length > 2;
