import { resolve } from 'node:path';
import { fail } from '../diagnostics/error.ts';
import { backendsOf, batchSizeOf, countOf } from '../eval/options.ts';
import { checkTarget } from './files.ts';
import { profileText } from './profile-text.ts';
import { type SelectionOptions, selectionOf } from './selection.ts';

export interface ProfileFlags extends SelectionOptions {
  readonly weights?: string;
  readonly backend?: string;
  readonly batchSize?: string;
  readonly runs?: string;
  readonly top?: string;
  readonly against?: string;
  readonly out?: string;
  readonly json?: boolean;
  readonly force?: boolean;
}

const MOST_RUNS = 100_000;
const ROWS = 15;

/** `skipc profile`: returns the exit status. */
export async function runProfile(model: string, flags: ProfileFlags): Promise<number> {
  const { backend, batchSize, runs, top, weights, out } = flags;
  const backends = backendsOf(backend);
  const counts = {
    batchSize: batchSize === undefined ? 1 : batchSizeOf(batchSize),
    runs: runs === undefined ? undefined : countOf('--runs', runs, MOST_RUNS, 'runs'),
  };
  const most = top === undefined ? ROWS : countOf('--top', top, Number.MAX_SAFE_INTEGER, 'rows');
  if (out !== undefined) checkTarget(resolve(out), flags.force ?? false);
  const compile = { ...(await selectionOf(flags)), weightsFrom: weights };
  // tfjs-node reads this as it is loaded: what it says of the processor's instructions is nothing about the model.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const { profile } = await import('../profile/profile.ts');
  const measured = await profile(model, { compile, backends, ...counts, withPeer: withPeer(flags.against) });
  process.stdout.write(flags.json ? `${JSON.stringify(measured, null, 2)}\n` : profileText(measured, most));
  return 0;
}

/** @throws SkipcError `data-option` */
function withPeer(given: string | undefined): boolean {
  if (given === undefined || given === 'layers' || given === 'none') return given !== 'none';
  return fail('data-option', { option: '--against', given, expected: 'layers, or none' });
}
