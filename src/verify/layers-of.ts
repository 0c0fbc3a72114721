import type { Analysis } from '../analyse.ts';
import type { Op } from '../ir/program.ts';

/** Layers as a report names them: their paths in the model, and what they are. */
export interface NamedLayer {
  readonly path: string;
  readonly className: string;
}

/** Tells of what layers ops are. */
export function layerNames({ model, sources }: Analysis): (ops: readonly (Op | undefined)[]) => readonly NamedLayer[] {
  const classes = new Map(model.graph.calls.map(({ layer }) => [sources.get(layer.path) ?? layer.path, layer]));
  return (ops) => {
    const paths = new Set(ops.flatMap((op) => op?.layers ?? []));
    return [...paths].map((path) => ({ path: classes.get(path)?.path ?? path, className: classes.get(path)?.className ?? '' }));
  };
}
