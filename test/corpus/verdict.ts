import { SkipcError } from '../../src/diagnostics/error.ts';
import { type Explanation, explained } from './explained.ts';
import { foreignClasses } from './keras-classes.ts';
import { type Case, Difference } from './suite.ts';

export type Outcome = 'passed' | 'refused' | 'explained' | 'failed' | 'no longer differs';

export interface Verdict {
  readonly suite: string;
  readonly name: string;
  readonly outcome: Outcome;
  /** Why it failed, was refused or may differ. */
  readonly why: string;
}

/** Runs a case; whatever it throws is its outcome. */
export async function judge(suite: string, one: Case): Promise<Verdict> {
  const { name, topology } = one;
  const known = explained.get(`${suite}/${name}`);
  const verdict = (outcome: Outcome, why = ''): Verdict => ({ suite, name, outcome, why });
  try {
    await one.run();
  } catch (error) {
    if (known !== undefined && isAs(error, known)) {
      const otherwise = await reasonAs(one, known);
      return otherwise === null ? verdict('explained', known.why) : verdict('failed', `not explained, as ${otherwise}`);
    }
    return verdict(isRightlyRefused(error, topology) ? 'refused' : 'failed', reasonOf(error));
  }
  return known === undefined ? verdict('passed') : verdict('no longer differs', known.why);
}

/** Null where the case passes under the writer's name that is to explain it, else why it does not. */
async function reasonAs({ runAs }: Case, { as }: Explanation): Promise<string | null> {
  if (as === undefined) return null;
  try {
    if (runAs === undefined) return 'the suite has no other writers';
    await runAs(as);
    return null;
  } catch (error) {
    return `Keras ${as.keras_version}: ${reasonOf(error)}`;
  }
}

const isAs = (error: unknown, { how }: Explanation): boolean =>
  how === 'other values' ? error instanceof Difference : error instanceof SkipcError && error.code === how;

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
