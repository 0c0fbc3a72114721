/**
 * Minimum cut by Dinic's algorithm (E. A. Dinic 1970): blocking flows through level graphs. Iterative throughout, so that a
 * chain of 100 000 nodes does not exhaust the stack.
 */
export class FlowNetwork {
  readonly #to: number[] = [];
  readonly #capacity: number[] = [];
  readonly #edges: number[][] = [];

  /** @param nodes best numbered so that most edges go from a smaller to a larger number: a first flow follows these */
  constructor(nodes: number) {
    for (let i = 0; i < nodes; i++) this.#edges.push([]);
  }

  /** A directed edge; each has its reverse at the index that differs in the last bit. */
  connect(from: number, to: number, capacity: number): void {
    this.#edges[from]?.push(this.#to.length);
    this.#to.push(to);
    this.#capacity.push(capacity);
    this.#edges[to]?.push(this.#to.length);
    this.#to.push(from);
    this.#capacity.push(0);
  }

  /** Of all minimum cuts the one whose source side is largest: true for each node on that side. */
  largestSourceSide(source: number, sink: number): boolean[] {
    // By their numbers at first: paths of all lengths at once, where levels take one length after the other.
    this.#push(source, sink, [...this.#edges.keys()]);
    for (let level = this.#levels(source); (level[sink] as number) >= 0; level = this.#levels(source)) this.#push(source, sink, level);
    return this.#reaching(sink).map((reaches) => !reaches);
  }

  #levels(source: number): number[] {
    const level = new Array<number>(this.#edges.length).fill(-1);
    level[source] = 0;
    const queue = [source];
    for (const node of queue) {
      for (const edge of this.#edges[node] as number[]) {
        const next = this.#to[edge] as number;
        if ((this.#capacity[edge] as number) > 0 && level[next] === -1) {
          level[next] = (level[node] as number) + 1;
          queue.push(next);
        }
      }
    }
    return level;
  }

  /** A blocking flow along edges that go up in level: as much at once through each node as it is offered and can pass on. */
  #push(source: number, sink: number, level: readonly number[]): void {
    const next = new Array<number>(this.#edges.length).fill(0);
    const path = [{ node: source, edge: -1, offered: Infinity, passed: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = this.#edges[top.node]?.[next[top.node] as number];
      if (top.node === sink) top.passed = top.offered;
      if (top.passed === top.offered || edge === undefined) {
        path.pop();
        const before = path.at(-1);
        if (before === undefined) return;
        this.#capacity[top.edge] = (this.#capacity[top.edge] as number) - top.passed;
        this.#capacity[top.edge ^ 1] = (this.#capacity[top.edge ^ 1] as number) + top.passed;
        before.passed += top.passed;
        // What could not be passed on here never can: the edge is done with.
        if (top.passed < top.offered) next[before.node] = (next[before.node] as number) + 1;
        continue;
      }
      const [node, capacity] = [this.#to[edge] as number, this.#capacity[edge] as number];
      if (capacity > 0 && (level[node] as number) > (level[top.node] as number)) {
        path.push({ node, edge, offered: Math.min(capacity, top.offered - top.passed), passed: 0 });
      } else next[top.node] = (next[top.node] as number) + 1;
    }
  }

  #reaching(sink: number): boolean[] {
    const reaches = new Array<boolean>(this.#edges.length).fill(false);
    reaches[sink] = true;
    const queue = [sink];
    for (const node of queue) {
      for (const edge of this.#edges[node] as number[]) {
        const before = this.#to[edge] as number;
        if ((this.#capacity[edge ^ 1] as number) > 0 && !reaches[before]) {
          reaches[before] = true;
          queue.push(before);
        }
      }
    }
    return reaches;
  }
}
