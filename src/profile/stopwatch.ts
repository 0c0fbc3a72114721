import { engine } from '@tensorflow/tfjs-core';

/** How often a kernel ran, and how long. */
export interface KernelTime {
  readonly name: string;
  readonly calls: number;
  readonly milliseconds: number;
}

/** How long something took in one run: itself, without what it had others do that are timed as well, and its kernels. */
export interface Spent {
  readonly milliseconds: number;
  readonly kernels: readonly KernelTime[];
}

/**
 * Times one run: what stands between `around` and its end belongs to the owner that is named, and so do the kernels that run meanwhile.
 * Kernels of tfjs on the CPU (node, wasm, cpu) are done when they return, so that the time until then is theirs.
 */
export class Stopwatch {
  readonly #open: { child: number }[] = [];
  readonly #owners: string[] = [];
  readonly #spent = new Map<string, { milliseconds: number; kernels: Map<string, { calls: number; milliseconds: number }> }>();

  /** @param owner whose time it is */
  around<T>(owner: string, compute: () => T): T {
    this.#owners.push(owner);
    try {
      return this.#timed(compute, (milliseconds) => {
        this.#of(owner).milliseconds += milliseconds;
      });
    } finally {
      this.#owners.pop();
    }
  }

  /** Runs some work with the kernels of tfjs timed; those that no owner runs belong to `''`. */
  watch<T>(work: () => T): T {
    const { runKernel } = engine();
    const own = Object.getOwnPropertyDescriptor(engine(), 'runKernel');
    const timed: typeof runKernel = (name, ...given) => {
      const compute = () => runKernel.call(engine(), name, ...given);
      return this.#timed(compute, (milliseconds) => this.#count(name, milliseconds)) as ReturnType<typeof runKernel> as never;
    };
    Object.defineProperty(engine(), 'runKernel', { value: timed, configurable: true, writable: true });
    try {
      return work();
    } finally {
      if (own === undefined) Reflect.deleteProperty(engine(), 'runKernel');
      else Object.defineProperty(engine(), 'runKernel', own);
    }
  }

  /** What each owner spent, in the order in which they first did. A kernel's time is its owner's too. */
  spent(): ReadonlyMap<string, Spent> {
    return new Map(
      [...this.#spent].map(([owner, { milliseconds, kernels }]) => {
        const list = [...kernels].map(([name, kernel]) => ({ name, ...kernel }));
        return [owner, { milliseconds: milliseconds + list.reduce((sum, kernel) => sum + kernel.milliseconds, 0), kernels: list }];
      }),
    );
  }

  #count(kernel: string, milliseconds: number): void {
    const { kernels } = this.#of(this.#owners.at(-1) ?? '');
    const known = kernels.get(kernel) ?? { calls: 0, milliseconds: 0 };
    kernels.set(kernel, { calls: known.calls + 1, milliseconds: known.milliseconds + milliseconds });
  }

  #of(owner: string) {
    const known = this.#spent.get(owner) ?? { milliseconds: 0, kernels: new Map() };
    this.#spent.set(owner, known);
    return known;
  }

  /** Tells how long `compute` took, without what was timed within it. */
  #timed<T>(compute: () => T, tell: (milliseconds: number) => void): T {
    const frame = { child: 0 };
    this.#open.push(frame);
    const start = performance.now();
    try {
      return compute();
    } finally {
      const all = performance.now() - start;
      this.#open.pop();
      const outer = this.#open.at(-1);
      if (outer !== undefined) outer.child += all;
      tell(all - frame.child);
    }
  }
}
