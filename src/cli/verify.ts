import { resolve } from 'node:path';
import { printable } from '../diagnostics/text.ts';
import { backendsOf } from '../eval/options.ts';
import { againstOf, BATCH_SIZES, batchSizesOf, type Observer, seedOf, toleranceOf } from '../verify/options.ts';
import { onStderr } from './colors.ts';
import { warningText } from './errors.ts';
import { checkTarget, type OutputFile, writeFiles } from './files.ts';
import { type MeasureOptions, measuresOf } from './measures.ts';
import { type Progress, progressOf, silent } from './progress.ts';
import { type SelectionOptions, selectionOf } from './selection.ts';
import { verificationText } from './verification-text.ts';

export interface VerifyFlags extends SelectionOptions, MeasureOptions {
  readonly weights?: string;
  readonly module?: string;
  readonly backend?: string;
  readonly against?: readonly string[];
  readonly batchSizes?: string;
  readonly seed?: string;
  readonly tolerance?: string;
  readonly reduce?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly force?: boolean;
}

/** `skipc verify`: returns the exit status, 1 for a mismatch. */
export async function runVerify(model: string, flags: VerifyFlags): Promise<number> {
  const { batchSizes, seed, tolerance, json, quiet = false } = flags;
  const options = {
    against: againstOf(flags.against ?? []),
    batchSizes: batchSizes === undefined ? BATCH_SIZES : batchSizesOf(batchSizes),
    seed: seed === undefined ? 0 : seedOf(seed),
    tolerance: tolerance === undefined ? undefined : toleranceOf(tolerance),
    backends: backendsOf(flags.backend),
    weightsFrom: flags.weights,
    module: flags.module,
    compile: { ...(await selectionOf(flags)), ...measuresOf(flags) },
  };
  const { reduce, force = false } = flags;
  const target = reduce === undefined ? {} : { reduce, writeFiles: (files: readonly OutputFile[]) => writeFiles(files, force) };
  if (reduce !== undefined) checkTarget(resolve(reduce), force);
  const { runVerification } = await import('../verify/run.ts');
  const { quieten } = await import('../verify/quiet.ts');
  quieten();
  const { observer, stop } = observe(quiet);
  try {
    const verification = await runVerification(model, { ...options, ...target, observer });
    stop();
    process.stdout.write(json ? `${JSON.stringify(verification, null, 2)}\n` : verificationText(verification, flags.plugin));
    return verification.verified ? 0 : 1;
  } finally {
    stop();
  }
}

const BACKEND_NAMES: Readonly<Record<string, string>> = { node: 'tfjs-node', wasm: 'wasm', cpu: 'cpu' };

/** What is said on standard error while it runs. */
function observe(isQuiet: boolean): { readonly observer: Observer; stop(): void } {
  let progress: Progress = silent;
  const stop = (): void => {
    progress.stop();
    progress = silent;
  };
  const say = (line: string): void => void (isQuiet || process.stderr.write(`${line}\n`));
  const observer: Observer = {
    warn: (warning) => void (isQuiet || process.stderr.write(warningText(warning))),
    begin({ program, model, backend, cases }) {
      const about = `of ${JSON.stringify(short(model))} on ${BACKEND_NAMES[backend] ?? backend}, ${cases} ${cases === 1 ? 'case' : 'cases'}`;
      say(`${onStderr.bold(short(program))} ${about}`);
      if (!isQuiet) progress = progressOf(cases);
    },
    advance: (cases) => progress.advance(cases),
    stage(what) {
      stop();
      say(`  ${what} ...`);
    },
  };
  return { observer, stop };
}

const LONGEST_NAME = 30;

function short(name: string): string {
  const shown = printable(name);
  return shown.length > LONGEST_NAME ? `...${shown.slice(3 - LONGEST_NAME)}` : shown;
}
