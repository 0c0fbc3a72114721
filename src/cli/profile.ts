import { resolve } from 'node:path';
import { fail } from '../diagnostics/error.ts';
import { backendsOf, batchSizeOf, countOf } from '../eval/options.ts';
import type { Profile } from '../profile/report.ts';
import type { LayerTime } from '../report/graph/picture.ts';
import { checkTarget, writeFiles } from './files.ts';
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
  const page = out === undefined ? undefined : resolve(out);
  if (page !== undefined && !/\.html?$/i.test(page)) fail('graph-extension', { path: out ?? '' });
  if (page !== undefined) checkTarget(page, flags.force ?? false);
  const compile = { ...(await selectionOf(flags)), weightsFrom: weights };
  // tfjs-node reads this as it is loaded: what it says of the processor's instructions is nothing about the model.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const { profile } = await import('../profile/profile.ts');
  const { profile: measured, compiled } = await profile(model, { compile, backends, ...counts, withPeer: withPeer(flags.against) });
  process.stdout.write(flags.json ? `${JSON.stringify(measured, null, 2)}\n` : profileText(measured, most));
  if (page !== undefined) {
    const { graphPage } = await import('../graph.ts');
    writeFiles([{ path: page, content: await graphPage(compiled, timesByLayer(measured)) }], flags.force ?? false);
  }
  return 0;
}

/** As the page takes them: what is computed together stands under the first layer of it. */
function timesByLayer({ perLayer }: Profile): ReadonlyMap<string, LayerTime> {
  return new Map(
    perLayer.map(({ layers: [first = ''], milliseconds, peerMilliseconds, kernels }) => [
      first,
      { milliseconds, peerMilliseconds, kernels },
    ]),
  );
}

/** @throws SkipcError `data-option` */
function withPeer(given: string | undefined): boolean {
  if (given === undefined || given === 'layers' || given === 'none') return given !== 'none';
  return fail('data-option', { option: '--against', given, expected: 'layers, or none' });
}
