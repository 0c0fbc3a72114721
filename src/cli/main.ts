#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { suggest } from '../diagnostics/suggest.ts';
import { version } from '../version.ts';
import { commands } from './commands/index.ts';

/** Exit statuses: 0 done, 1 the answer is no, 2 the user's input is at fault, 70 a bug of skipc. */
const USAGE = 2;
const BUG = 70;

function cli(): Command {
  const program = new Command('skipc')
    .description('Compile a Keras / TensorFlow.js model, for chosen outputs, to a small TypeScript module.')
    .version(version)
    .showHelpAfterError('(skipc --help lists the commands)')
    .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 80, 100) })
    .exitOverride();

  for (const declare of commands) declare(program);

  program.addHelpText('after', '\nExamples:\n  skipc model.json\n  skipc compile model.json --output aux');
  for (const command of program.commands) {
    command.exitOverride().showHelpAfterError(`(skipc ${command.name()} --help lists the options)`);
  }
  return program;
}

/** A word where a command could stand, that is neither a command nor a file, is a command misspelt. */
function checkCommand(program: Command, [first]: readonly string[]): void {
  if (first === undefined) program.help({ error: true });
  const commands = [...program.commands.map((command) => command.name()), 'help'];
  if (!/^[a-z]+$/.test(first) || commands.includes(first) || existsSync(first)) return;
  const [near] = suggest(first, commands);
  program.error(`error: there is no command or file '${first}'${near === undefined ? '' : `\n(Did you mean ${near}?)`}`);
}

async function main(): Promise<void> {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  // Where nobody reads what is said meanwhile, the result is still wanted.
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  try {
    const program = cli();
    checkCommand(program, process.argv.slice(2));
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      return;
    }
    const { SkipcError } = await import('../diagnostics/error.ts');
    if (error instanceof SkipcError && error.kind !== 'invariant') {
      process.stderr.write((await import('./errors.ts')).errorText(error));
      process.exitCode = USAGE;
      return;
    }
    process.stderr.write(
      `skipc ${version} has a bug. Please report this, with the model if you can:\n${(error as Error).stack ?? error}\n`,
    );
    process.exitCode = BUG;
  }
}

await main();
