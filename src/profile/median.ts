import type { Spent } from './stopwatch.ts';

/** The middle of some numbers; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** What each owner spends in a run: the median over several, of itself and of each of its kernels. */
export function medianRun(runs: readonly ReadonlyMap<string, Spent>[]): ReadonlyMap<string, Spent> {
  const owners = new Set(runs.flatMap((run) => [...run.keys()]));
  return new Map(
    [...owners].map((owner): [string, Spent] => {
      const spent = runs.map((run) => run.get(owner));
      const kernels = new Set(spent.flatMap((each) => (each?.kernels ?? []).map(({ name }) => name)));
      return [
        owner,
        {
          milliseconds: median(spent.map((each) => each?.milliseconds ?? 0)),
          kernels: [...kernels].map((name) => {
            const each = spent.map((run) => run?.kernels.find((kernel) => kernel.name === name));
            return {
              name,
              calls: median(each.map((kernel) => kernel?.calls ?? 0)),
              milliseconds: median(each.map((kernel) => kernel?.milliseconds ?? 0)),
            };
          }),
        },
      ];
    }),
  );
}
