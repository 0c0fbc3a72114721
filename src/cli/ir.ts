import { resolve } from 'node:path';
import { analyse } from '../analyse.ts';
import { fail } from '../diagnostics/error.ts';
import { toJson } from '../ir/json.ts';
import { print } from '../ir/print.ts';
import type { Program } from '../ir/program.ts';
import { readDump } from './dump.ts';
import { warningText } from './errors.ts';
import { writeFiles } from './files.ts';
import { type MeasureOptions, measuresOf } from './measures.ts';
import { type SelectionOptions, selectionOf } from './selection.ts';

export interface IrFlags extends SelectionOptions, MeasureOptions {
  readonly after?: string;
  readonly eachPass?: boolean;
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
  const chosen = (['output', 'input', 'skip', 'hoist', 'name', 'plugin', 'loss', 'metric', 'after', 'eachPass'] as const).find(
    (option) => flags[option] !== undefined,
  );
  if (chosen !== undefined) fail('options-conflict', { one: 'a dump', other: `--${chosen === 'eachPass' ? 'each-pass' : chosen}` });
  return show(program, flags.json);
}

async function modelText(model: string, flags: IrFlags): Promise<string> {
  if (flags.after !== undefined && flags.eachPass) fail('options-conflict', { one: '--after', other: '--each-pass' });
  const { lowered, runs, program, warnings } = await analyse(model, {
    ...(await selectionOf(flags)),
    ...measuresOf(flags),
    checkPasses: true,
  });
  for (const warning of warnings) process.stderr.write(warningText(warning));
  const stages = [{ pass: 'lower', program: lowered, changed: true }, ...runs];
  if (flags.eachPass) return eachPass(stages, flags.json);
  if (flags.after === undefined) return show(program, flags.json);
  const stage = stages.find(({ pass }) => pass === flags.after);
  return stage === undefined
    ? fail('pass-unknown', { given: flags.after, passes: stages.map(({ pass }) => pass) })
    : show(stage.program, flags.json);
}

function eachPass(
  stages: readonly { readonly pass: string; readonly program: Program; readonly changed: boolean }[],
  json: boolean | undefined,
): string {
  if (json)
    return `${JSON.stringify(
      stages.map(({ pass, changed, program }) => ({ pass, changed, program: toJson(program) })),
      null,
      2,
    )}\n`;
  return stages.map(({ pass, changed, program }) => `# after ${pass}${changed ? `\n${print(program)}` : ' (unchanged)\n'}`).join('\n');
}
