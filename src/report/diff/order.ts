import { type DiffGraph, type DiffNode, operandsOf } from './graph.ts';

/**
 * The graph with its nodes in an order that follows from the wiring alone: each behind what it reads, one branch after the other. What
 * was put into one place of a model then stands in one place of the list, whatever order its file has.
 */
export function inWiringOrder({ nodes, outputs }: DiffGraph): DiffGraph {
  const place = new Int32Array(nodes.length).fill(-1);
  const order: DiffNode[] = [];
  const open = new Set<number>();
  // Outputs first; then what none of them needs, so that no node is lost.
  for (const root of [...outputs.map(({ tap }) => tap.node), ...nodes.keys()]) {
    const stack = [{ node: root, operands: operandsOf(nodes[root] as DiffNode), next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1) as (typeof stack)[number];
      if (top.next === 0) {
        // A layer that is called again may read, by way of others, what it gave before.
        if (place[top.node] !== -1 || open.has(top.node)) {
          stack.pop();
          continue;
        }
        open.add(top.node);
      }
      const operand = top.operands[top.next++];
      if (operand !== undefined) {
        if (place[operand] === -1 && !open.has(operand))
          stack.push({ node: operand, operands: operandsOf(nodes[operand] as DiffNode), next: 0 });
        continue;
      }
      stack.pop();
      open.delete(top.node);
      place[top.node] = order.length;
      order.push(nodes[top.node] as DiffNode);
    }
  }
  const moved = <T extends { readonly tap: { readonly node: number } }>(use: T): T => ({
    ...use,
    tap: { ...use.tap, node: place[use.tap.node] as number },
  });
  return {
    nodes: order.map((node) => ({ ...node, calls: node.calls.map(({ uses, types }) => ({ uses: uses.map(moved), types })) })),
    outputs: outputs.map(moved),
  };
}
