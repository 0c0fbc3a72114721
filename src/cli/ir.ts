import { resolve } from 'node:path';
import { analyseModel } from '../analyse.ts';
import { fail } from '../diagnostics/error.ts';
import { toJson } from '../ir/json.ts';
import { print } from '../ir/print.ts';
import type { Program } from '../ir/program.ts';
import { type ReadModel, readModel } from '../read/read.ts';
import { givenWeights } from '../read/weights/given.ts';
import { explain } from '../report/explain.ts';
import { weightHashes, withHashes } from '../weight-hashes.ts';
import { readDump } from './dump.ts';
import { warningText } from './errors.ts';
import { explanationText } from './explain.ts';
import { writeFiles } from './files.ts';
import { type MeasureOptions, measuresOf } from './measures.ts';
import { type SelectionOptions, selectionOf } from './selection.ts';

export interface IrFlags extends SelectionOptions, MeasureOptions {
  readonly after?: string;
  readonly eachPass?: boolean;
  readonly hashWeights?: boolean;
  readonly weights?: string;
  readonly explain?: boolean;
  readonly json?: boolean;
  readonly out?: string;
  readonly force?: boolean;
}

/** `skipc ir`: returns the exit status. */
export async function runIr(source: string, flags: IrFlags): Promise<number> {
  const dump = readDump(source);
  const text = dump === null ? await modelText(source, flags) : dumpText(dump, flags);
  if (flags.out === undefined || flags.out === '-') process.stdout.write(text);
  else writeFiles([{ path: resolve(flags.out), content: text }], flags.force ?? false);
  return 0;
}

const show = (program: Program, json: boolean | undefined): string =>
  json ? `${JSON.stringify(toJson(program), null, 2)}\n` : print(program);

/** A dump is printed as it is, or in the other form: it is one stage, of which nothing can be chosen any more. */
function dumpText(program: Program, flags: IrFlags): string {
  const chosen = CHOOSING.find((option) => flags[option] !== undefined);
  if (chosen !== undefined)
    fail('options-conflict', { one: 'a dump', other: `--${chosen.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}` });
  return show(program, flags.json);
}

/** What a model alone can be asked for. */
const CHOOSING = [
  'output',
  'input',
  'skip',
  'hoist',
  'name',
  'plugin',
  'loss',
  'metric',
  'after',
  'eachPass',
  'hashWeights',
  'weights',
  'explain',
] as const satisfies readonly (keyof IrFlags)[];

async function modelText(model: string, flags: IrFlags): Promise<string> {
  if (flags.after !== undefined && flags.eachPass) fail('options-conflict', { one: '--after', other: '--each-pass' });
  if (flags.weights !== undefined && !flags.hashWeights) fail('option-alone', { option: '--weights', without: '--hash-weights' });
  const read = await readModel(model);
  const analysis = analyseModel(read, {
    ...(await selectionOf(flags)),
    ...measuresOf(flags),
    checkPasses: true,
    explain: flags.explain,
  });
  const { lowered, runs, program, warnings } = analysis;
  // The dump tells nothing of where weights lie: that none is there is no news, and no difference to somebody who compares dumps.
  for (const warning of warnings) if (warning.code !== 'weights-absent') process.stderr.write(warningText(warning));
  if (flags.explain) process.stderr.write(explanationText(explain({ ...analysis, graph: read.graph })));
  const all = [{ pass: 'lower', program: lowered, changed: true }, ...runs];
  const last = { pass: '', program, changed: true };
  const stages = flags.eachPass ? all : [flags.after === undefined ? last : stageAfter(flags.after, all)];
  const shown = flags.hashWeights ? await hashed(stages, read, flags.weights) : stages;
  return flags.eachPass ? eachPass(shown, flags.json) : shown.map((stage) => show(stage.program, flags.json)).join('');
}

interface PassStage {
  readonly pass: string;
  readonly program: Program;
  readonly changed: boolean;
}

const stageAfter = (pass: string, stages: readonly PassStage[]): PassStage =>
  stages.find((stage) => stage.pass === pass) ?? fail('pass-unknown', { given: pass, passes: stages.map(({ pass }) => pass) });

/** With the hashes of all weights that some stage has. */
async function hashed(stages: readonly PassStage[], model: ReadModel, from: string | undefined): Promise<readonly PassStage[]> {
  const weights = [...new Map(stages.flatMap(({ program }) => program.weights).map((weight) => [weight.name, weight])).values()];
  if (weights.length === 0) return stages;
  const own = from === undefined ? model.weights : await givenWeights(from, model);
  const index = own ?? fail('no-weights-there', { file: model.file ?? 'the object' });
  const hashes = await weightHashes({ weights }, index);
  return stages.map((stage) => ({ ...stage, program: withHashes(stage.program, hashes) }));
}

function eachPass(stages: readonly PassStage[], json: boolean | undefined): string {
  if (json)
    return `${JSON.stringify(
      stages.map(({ pass, changed, program }) => ({ pass, changed, program: toJson(program) })),
      null,
      2,
    )}\n`;
  return stages.map(({ pass, changed, program }) => `# after ${pass}${changed ? `\n${print(program)}` : ' (unchanged)\n'}`).join('\n');
}
