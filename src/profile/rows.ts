import { type Program, type Stage, valuesOf } from '../ir/program.ts';
import type { ModelGraph } from '../model/graph.ts';
import { costOf } from '../ops/cost.ts';
import type { Group } from './groups.ts';
import type { ProfiledKernel, ProfiledLayers } from './report.ts';
import type { KernelTime, Spent } from './stopwatch.ts';

export interface Measured {
  readonly program: Program;
  readonly groups: readonly Group[];
  /** By the number of the group. */
  readonly module: ReadonlyMap<number, Spent>;
  readonly graph: ModelGraph;
  /** What ops call a layer, where that is not its path. */
  readonly sources: ReadonlyMap<string, string>;
  /** By the path of the layer; null where tfjs-layers was not run. */
  readonly peer: ReadonlyMap<string, Spent> | null;
}

/** One row for each group of layers of the module, then one for each layer that it does not run. */
export function rowsOf({ program, groups, module, graph, sources, peer }: Measured): readonly ProfiledLayers[] {
  const values = valuesOf(program);
  const typeOf = (name: string) => values.get(name)?.type ?? { dtype: 'f32' as const, shape: [] };
  const layers = [...new Map(graph.calls.map(({ layer }) => [layer.path, layer])).values()];
  const bySource = new Map<string, string[]>();
  for (const { path } of layers) {
    const source = sources.get(path) ?? path;
    bySource.set(source, [...(bySource.get(source) ?? []), path]);
  }
  const classOf = new Map(layers.map(({ path, className }) => [path, className]));
  const grouped = new Set(groups.flatMap((group) => group.layers));
  const row = (paths: readonly string[], stage: Stage | 'none', spent: Spent | undefined, flops: number): ProfiledLayers => {
    const peers = paths.flatMap((path) => peer?.get(path) ?? []);
    return {
      layers: paths,
      classNames: paths.map((path) => classOf.get(path) ?? ''),
      stage: stage === 'load' ? 'none' : stage,
      flops,
      milliseconds: spent?.milliseconds ?? null,
      peerMilliseconds: peer === null ? null : peers.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
      kernels: longestFirst(spent?.kernels ?? []),
      peerKernels: longestFirst(addedUp(peers)),
    };
  };
  const run = groups.map(({ layers: names, stage, ops }, i) => {
    const paths = names.flatMap((name) => bySource.get(name) ?? [name]);
    const flops = ops.reduce((sum, op) => sum + costOf(op, typeOf), 0);
    return row(paths, stage, module.get(i) ?? { milliseconds: 0, kernels: [] }, flops);
  });
  const left = layers.filter(({ path }) => !grouped.has(sources.get(path) ?? path));
  return [...run, ...left.map(({ path }) => row([path], 'none', undefined, 0))];
}

/** The kernels of several, by name. */
export function addedUp(spent: Iterable<Spent>): readonly KernelTime[] {
  const kernels = new Map<string, KernelTime>();
  for (const { kernels: own } of spent) {
    for (const { name, calls, milliseconds } of own) {
      const before = kernels.get(name);
      kernels.set(name, { name, calls: calls + (before?.calls ?? 0), milliseconds: milliseconds + (before?.milliseconds ?? 0) });
    }
  }
  return [...kernels.values()];
}

export const longestFirst = (kernels: readonly KernelTime[]): ProfiledKernel[] =>
  kernels.toSorted((a, b) => b.milliseconds - a.milliseconds);
