import { resolve } from 'node:path';
import { analyse } from '../analyse.ts';
import { fail } from '../diagnostics/error.ts';
import { toJson } from '../ir/json.ts';
import { print } from '../ir/print.ts';
import type { Program } from '../ir/program.ts';
import { warningText } from './errors.ts';
import { writeFiles } from './files.ts';
import { type SelectionOptions, selectionOf } from './selection.ts';

export interface IrFlags extends SelectionOptions {
  readonly after?: string;
  readonly eachPass?: boolean;
  readonly json?: boolean;
  readonly out?: string;
  readonly force?: boolean;
}

/** `skipc ir`: returns the exit status. */
export async function runIr(model: string, flags: IrFlags): Promise<number> {
  const { lowered, runs, program, warnings } = await analyse(model, { ...selectionOf(flags), checkPasses: true });
  for (const warning of warnings) process.stderr.write(warningText(warning));
  const show = (shown: Program): string => (flags.json ? `${JSON.stringify(toJson(shown), null, 2)}\n` : print(shown));
  const stages = [{ pass: 'lower', program: lowered }, ...runs];
  if (flags.after !== undefined && !stages.some(({ pass }) => pass === flags.after)) {
    fail('pass-unknown', { given: flags.after, passes: stages.map(({ pass }) => pass) });
  }
  if (flags.after !== undefined && flags.eachPass) fail('options-conflict', { one: '--after', other: '--each-pass' });
  const text = flags.eachPass
    ? flags.json
      ? `${JSON.stringify(
          stages.map(({ pass, program }, i) => ({ pass, changed: i === 0 || runs[i - 1]?.changed === true, program: toJson(program) })),
          null,
          2,
        )}\n`
      : stages
          .map(({ pass, program }, i) => `# after ${pass}${i > 0 && !runs[i - 1]?.changed ? ' (unchanged)\n' : `\n${show(program)}`}`)
          .join('\n')
    : show(stages.find(({ pass }) => pass === flags.after)?.program ?? program);
  if (flags.out === undefined || flags.out === '-') process.stdout.write(text);
  else writeFiles([{ path: resolve(flags.out), content: text }], flags.force ?? false);
  return 0;
}
