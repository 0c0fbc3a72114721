import { median, medianRun } from './median.ts';
import type { ProfiledSide } from './report.ts';
import { addedUp, longestFirst } from './rows.ts';
import { type Spent, Stopwatch } from './stopwatch.ts';

/** One of the two programs that are timed. */
export interface Contender {
  /** One evaluation, as a caller would have it. */
  run(): void;
  /** One evaluation, of which each part is timed by its owner; what is nobody's belongs to `''`. */
  watched(stopwatch: Stopwatch): void;
}

export interface Timed {
  readonly side: ProfiledSide;
  /** What each owner spends in a run. */
  readonly spent: ReadonlyMap<string, Spent>;
}

/** Runs before the first that counts: kernels are compiled, memory is taken. */
const WARM_UP = 3;
/** What all turns together may take, and how many there are at least and at most. */
const BUDGET_MILLISECONDS = 6000;
const FEWEST = 5;
const MOST = 50;

/**
 * Times contenders in turns, so that all see the machine as it is meanwhile.
 * @param turns how many; by default as many as fit into some seconds
 */
export function timeInTurns(
  contenders: readonly Contender[],
  turns?: number,
): { readonly turns: number; readonly timed: readonly Timed[] } {
  for (let i = 0; i < WARM_UP; i++) for (const each of contenders) turnOf(each);
  const start = performance.now();
  for (const each of contenders) turnOf(each);
  const once = performance.now() - start;
  const count = turns ?? Math.min(Math.max(Math.floor(BUDGET_MILLISECONDS / once), FEWEST), MOST);
  const all = contenders.map((): ReturnType<typeof turnOf>[] => []);
  for (let i = 0; i < count; i++) contenders.forEach((each, k) => void all[k]?.push(turnOf(each)));
  return { turns: count, timed: all.map(timedOf) };
}

function turnOf({ run, watched }: Contender) {
  const milliseconds = millisecondsOf(run);
  const stopwatch = new Stopwatch();
  const watchedMilliseconds = millisecondsOf(() => watched(stopwatch));
  return { milliseconds, watchedMilliseconds, spent: stopwatch.spent() };
}

function millisecondsOf(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function timedOf(turns: readonly ReturnType<typeof turnOf>[]): Timed {
  const spent = medianRun(turns.map((turn) => turn.spent));
  return {
    spent,
    side: {
      milliseconds: median(turns.map((turn) => turn.milliseconds)),
      watchedMilliseconds: median(turns.map((turn) => turn.watchedMilliseconds)),
      betweenMilliseconds: spent.get('')?.milliseconds ?? 0,
      kernels: longestFirst(addedUp(spent.values())),
    },
  };
}
