import type { Op, Program, Stage } from '../ir/program.ts';

/** Layers that the program computes together: a convolution and what was folded and fused into it. */
export interface Group {
  /** As ops say it, in the order in which they run. */
  readonly layers: readonly string[];
  readonly stage: Exclude<Stage, 'load'>;
  readonly ops: readonly Op[];
}

/**
 * The layers of a program in groups, so that each belongs to one: two layers are in one group where an op comes from both.
 * What the load stage computes runs once, and is in none.
 */
export function groupsOf(program: Program): readonly Group[] {
  const running = program.ops.filter((op) => op.stage !== 'load');
  const parents = new Map<string, string>();
  const rootOf = (layer: string): string => {
    let root = layer;
    for (let next = parents.get(root); next !== undefined && next !== root; next = parents.get(root)) root = next;
    // What was walked points at the root from here on: chains stay short.
    for (let at = layer; at !== root; ) {
      const next = parents.get(at) ?? root;
      parents.set(at, root);
      at = next;
    }
    return root;
  };
  for (const { layers } of running) {
    const [first = '', ...others] = layers;
    for (const layer of others) parents.set(rootOf(layer), rootOf(first));
  }
  const groups = new Map<string, Op[]>();
  for (const op of running) {
    const root = rootOf(op.layers[0] ?? '');
    const ops = groups.get(root);
    if (ops === undefined) groups.set(root, [op]);
    else ops.push(op);
  }
  return [...groups.values()].map((ops) => ({
    layers: [...new Set(ops.flatMap(({ layers }) => layers))],
    stage: ops.some(({ stage }) => stage === 'suffix') ? 'suffix' : 'prefix',
    ops,
  }));
}
