import type { Op } from '../../ir/program.ts';
import { sameType } from '../../ir/types.ts';
import type { Graph } from '../graph.ts';
import type { Replacement } from '../rule.ts';

/**
 * An op's result as another value of its very type: a reshape to the shape that it has. `simplify` takes these away, and lets what used the
 * result use the value.
 */
export function sameAs(value: string, { results, layers }: Op, graph: Graph): Replacement {
  const { name } = results[0] as Op['results'][number];
  return [named(value, name, layers, graph)];
}

/** As `sameAs`, for each of an op's results. */
export const allSameAs = (values: readonly string[], { results, layers }: Op, graph: Graph): Replacement =>
  results.map(({ name }, i) => named(values[i] as string, name, layers, graph));

/** The value that another is the same as, where a rule has found that out before. */
export function original(value: string, graph: Graph): string {
  const maker = graph.makerOf(value);
  const source = maker?.op === 'reshape' ? (maker.operands[0] as string) : value;
  return sameType(graph.typeOf(source), graph.typeOf(value)) ? source : value;
}

const named = (value: string, name: string, layers: readonly string[], graph: Graph): Op =>
  graph.typedOp(
    'reshape',
    [original(value, graph)],
    { shape: graph.typeOf(value).shape },
    [{ naming: { name }, type: graph.typeOf(value) }],
    layers,
  );
