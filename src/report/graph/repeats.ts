import type { Box, Edge, Node, Picture } from './picture.ts';

/** From so many boxes in a row on that are alike, one stands for them. */
const SHORTEST = 4;

/** The picture with each run of boxes that are alike, one behind the other, as one; the very picture where there is none. */
export function foldRepeats(picture: Picture): Picture {
  const { nodes, edges } = picture;
  const [before, behind] = [nodes.map((): number[] => []), nodes.map((): number[] => [])];
  for (const { from, to } of edges) {
    before[to]?.push(from);
    behind[from]?.push(to);
  }
  const likeness = nodes.map(likenessOf);
  /** The place of what comes next in a run, where a node has such. */
  const next = nodes.map((_, i) => {
    const [to, ...others] = behind[i] ?? [];
    const isLink = to !== undefined && others.length === 0 && before[to]?.length === 1;
    return isLink && likeness[i] !== null && likeness[i] === likeness[to] ? to : null;
  });
  const isContinued = new Set(next);
  const stands = nodes.map((_, i) => i);
  const folded = new Map<number, Node>();
  nodes.forEach((node, start) => {
    if (node.kind !== 'box' || isContinued.has(start)) return;
    const run = [start];
    for (let at = next[start] ?? null; at !== null; at = next[at] ?? null) run.push(at);
    if (run.length < SHORTEST) return;
    for (const i of run) stands[i] = start;
    folded.set(start, stack(run.map((i) => nodes[i] as Box)));
  });
  if (folded.size === 0) return picture;
  const kept = nodes.flatMap((node, i) => (stands[i] === i ? [{ node: folded.get(i) ?? node, was: i }] : []));
  const places = new Map(kept.map(({ was }, i) => [was, i]));
  const placeOf = (i: number): number => places.get(stands[i] as number) as number;
  const moved = edges.map(({ from, to, tone }): Edge => ({ from: placeOf(from), to: placeOf(to), tone }));
  return { ...picture, nodes: kept.map(({ node }) => node), edges: moved.filter(({ from, to }) => from !== to) };
}

/** What two boxes have in common that are alike; null for what is never folded. */
const likenessOf = (node: Node): string | null =>
  node.kind === 'pill'
    ? null
    : JSON.stringify([
        node.tone,
        node.group,
        node.shape,
        node.flops,
        node.parameters,
        node.rows.map(({ className, fate }) => [className, fate]),
      ]);

function stack(boxes: readonly Box[]): Box {
  const [first] = boxes as readonly [Box];
  const sum = (amountOf: (box: Box) => number): number => boxes.reduce((total, box) => total + amountOf(box), 0);
  return {
    ...first,
    flops: sum(({ flops }) => flops),
    parameters: sum(({ parameters }) => parameters),
    milliseconds: boxes.every(({ milliseconds }) => milliseconds === null) ? null : sum(({ milliseconds }) => milliseconds ?? 0),
    repeats: {
      count: boxes.length,
      last: boxes.at(-1)?.rows[0]?.name ?? '',
      layers: boxes.flatMap(({ rows }) => rows.map(({ layer }) => layer)),
    },
  };
}
