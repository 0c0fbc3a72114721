/**
 * Minimum cut by Dinic's algorithm (E. A. Dinic 1970): shortest augmenting paths in level graphs. Iterative throughout, so
 * that a chain of 100 000 nodes does not exhaust the stack.
 */
export class FlowNetwork {
  readonly #to: number[] = [];
  readonly #capacity: number[] = [];
  readonly #edges: number[][] = [];

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
    for (let level = this.#levels(source); (level[sink] as number) >= 0; level = this.#levels(source)) {
      this.#augment(source, sink, level);
    }
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

  /** A blocking flow of the level graph, path by path. */
  #augment(source: number, sink: number, level: readonly number[]): void {
    const next = new Array<number>(this.#edges.length).fill(0);
    const path: number[] = [];
    let node = source;
    for (;;) {
      if (node === sink) {
        const flow = path.reduce((least, edge) => Math.min(least, this.#capacity[edge] as number), Infinity);
        for (const edge of path) {
          this.#capacity[edge] = (this.#capacity[edge] as number) - flow;
          this.#capacity[edge ^ 1] = (this.#capacity[edge ^ 1] as number) + flow;
        }
        const full = path.findIndex((edge) => this.#capacity[edge] === 0);
        node = this.#to[(path[full] as number) ^ 1] as number;
        path.length = full;
        continue;
      }
      const edges = this.#edges[node] as number[];
      const at = next[node] as number;
      const edge = edges[at];
      if (edge === undefined) {
        const back = path.pop();
        if (back === undefined) return;
        node = this.#to[back ^ 1] as number;
        next[node] = (next[node] as number) + 1;
      } else if ((this.#capacity[edge] as number) > 0 && level[this.#to[edge] as number] === (level[node] as number) + 1) {
        path.push(edge);
        node = this.#to[edge] as number;
      } else next[node] = at + 1;
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
