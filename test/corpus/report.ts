import Table from 'cli-table3';
import type { Outcome, Verdict } from './verdict.ts';

const COLUMNS: readonly Outcome[] = ['passed', 'failed', 'explained', 'refused'];

/** One row a suite, then what failed, each with its reason, and what differs no longer. */
export function report(verdicts: readonly Verdict[]): string {
  const suites = [...new Set(verdicts.map(({ suite }) => suite))];
  const count = (suite: string | null, outcome: Outcome): number =>
    verdicts.filter((verdict) => (suite === null || verdict.suite === suite) && columnOf(verdict) === outcome).length;
  const table = new Table({
    head: ['suite', ...COLUMNS],
    style: { head: [], border: [] },
    colAligns: ['left', ...COLUMNS.map(() => 'right' as const)],
  });
  for (const suite of suites) table.push([suite, ...COLUMNS.map((outcome) => count(suite, outcome))]);
  table.push(['all', ...COLUMNS.map((outcome) => count(null, outcome))]);
  const list = (title: string, outcome: Outcome): readonly string[] => {
    const found = verdicts.filter((verdict) => verdict.outcome === outcome);
    return found.length === 0 ? [] : ['', `${title}:`, ...found.map(({ suite, name, why }) => `  ${suite}/${name}  ${why}`)];
  };
  return [
    table.toString(),
    ...list('refused, as they hold a layer that is not of Keras', 'refused'),
    ...list('explained', 'explained'),
    ...list('no longer differs: take it off the list in explained.ts', 'no longer differs'),
    ...list('failed', 'failed'),
  ].join('\n');
}

const columnOf = ({ outcome }: Verdict): Outcome => (outcome === 'no longer differs' ? 'passed' : outcome);
