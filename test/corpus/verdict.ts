import { SkipcError } from '../../src/diagnostics/error.ts';
import { explained } from './explained.ts';
import { foreignClasses } from './keras-classes.ts';
import type { Case } from './suite.ts';

export type Outcome = 'passed' | 'refused' | 'explained' | 'failed' | 'no longer differs';

export interface Verdict {
  readonly suite: string;
  readonly name: string;
  readonly outcome: Outcome;
  /** Why it failed, was refused or may differ. */
  readonly why: string;
}

/** Runs a case; whatever it throws is its outcome. */
export async function judge(suite: string, { name, topology, run }: Case): Promise<Verdict> {
  const known = explained.get(`${suite}/${name}`);
  try {
    await run();
  } catch (error) {
    const why = reasonOf(error);
    if (isRightlyRefused(error, topology)) return { suite, name, outcome: 'refused', why };
    return known === undefined ? { suite, name, outcome: 'failed', why } : { suite, name, outcome: 'explained', why: known };
  }
  return known === undefined ? { suite, name, outcome: 'passed', why: '' } : { suite, name, outcome: 'no longer differs', why: known };
}

function reasonOf(error: unknown): string {
  if (error instanceof SkipcError)
    return `${error.code}${error.location.layer === undefined ? '' : ` (${error.location.layer})`}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** True where skipc names a custom layer, or one with a program inside that no compiler can see, as what it cannot compile. */
function isRightlyRefused(error: unknown, topology: unknown): boolean {
  if (!(error instanceof SkipcError) || error.kind !== 'unsupported') return false;
  const { message } = error;
  return [...foreignClasses(topology)].some((name) => message.includes(`${name}"`) || message.split(/[^\w>.]+/).includes(name));
}
