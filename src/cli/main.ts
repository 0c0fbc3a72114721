#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { suggest } from '../diagnostics/suggest.ts';
import { version } from '../version.ts';
import { withMeasures } from './measures.ts';
import { pluginOption, withSelection } from './selection.ts';

/** Exit statuses: 0 done, 1 the answer is no, 2 the user's input is at fault, 70 a bug of skipc. */
const USAGE = 2;
const BUG = 70;

/** A command's action, loaded when it is called: `--version` must not wait for a compiler. */
const action =
  <A extends unknown[]>(load: () => Promise<(...args: A) => Promise<number>>) =>
  async (...args: A): Promise<void> => {
    process.exitCode = await (await load())(...args);
  };

function cli(): Command {
  const program = new Command('skipc')
    .description('Compile a Keras / TensorFlow.js model, for chosen outputs, to a small TypeScript module.')
    .version(version)
    .showHelpAfterError('(skipc --help lists the commands)')
    .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 80, 100) })
    .exitOverride();

  withMeasures(
    withSelection(
      program
        .command('compile')
        .description('Write the module that evaluates the chosen outputs.')
        .argument('[model]', 'model.json, .keras, .h5, Keras JSON, a URL, or - for standard input; without, what a config says'),
    ),
  )
    .option('--config <file>', 'several programs of one model at once (default: skipc.config.ts or .json here)')
    .option('-o, --out <file>', 'the module to write (.ts or .mts; with --js .mjs or .js), or - for standard output')
    .option('--out-dir <dir>', 'where to write (default: here)')
    .option(
      '--backend <name>',
      'whose import the module carries: core, node, wasm, cpu, webgl or webgpu (default: core, which carries none)',
    )
    .option(
      '--weights <file>',
      'a file to take weights from: .weights.h5, .npz, .h5, .keras or a tfjs model.json; none; or inline, into the module',
    )
    .option('--bake', 'run the load stage now, so that load() only reads what it computes')
    .option('--js', 'write JavaScript and declarations (.mjs, .d.mts) instead of TypeScript')
    .option('--emit-ir', 'also write the IR dump')
    .option('--check', 'write nothing; exit 1 where a file is not what would be written')
    .option('--json', 'print the summary as JSON on standard output')
    .option('--quiet', 'print no summary')
    .option('--force', 'overwrite files that skipc did not write')
    .addHelpText('after', '\nExample:\n  skipc compile model.json --output aux --hoist mixed0')
    .action(action(async () => (await import('./compile.ts')).runCompile));

  withMeasures(
    withSelection(
      program
        .command('ir')
        .description('Print the IR of the chosen outputs.')
        .argument('<model>', 'model.json, .keras, .h5, Keras JSON, a URL, - for standard input, or an IR dump'),
    ),
  )
    .option('--after <pass>', 'the IR after this pass (default: the last)')
    .option('--each-pass', 'the IR after every pass that changed it')
    .option('--json', 'as JSON')
    .option('-o, --out <file>', 'write to this file')
    .option('--force', 'overwrite a file that skipc did not write')
    .addHelpText('after', '\nExample:\n  skipc ir model.json --output aux > aux.ir')
    .action(action(async () => (await import('./ir.ts')).runIr));

  withMeasures(
    withSelection(
      program
        .command('eval')
        .description('Compute losses and metrics of the chosen outputs over labelled data.')
        .argument('[model]', 'as for compile; --merge needs none'),
    ),
  )
    .option('--weights <file>', 'a file to take weights from: .weights.h5, .npz, .h5, .keras or a tfjs model.json')
    .option('--backend <name>', 'node, wasm or cpu (default: the first of these that is installed)')
    .option('--data <path>', 'a folder of images by class, .npz, .npy or CSV')
    .option('--labels <where>', 'a column, an array, or a file with the labels (.npy, .csv, or a text of one a line)')
    .option('--classes <list>', "the classes in the order of the model's units: cat,dog, or a file with one a line")
    .option('--sample-weights <where>', 'how much each sample counts, as --labels')
    .option('--rescale <number>', 'multiply inputs by this: 1/255, or a number for each channel')
    .option('--offset <number>', 'then add this')
    .option('--resize <method>', 'how images are resized, as tf.image.resize calls it (default: bilinear)')
    .option('--image-size <size>', 'HEIGHT,WIDTH of images where the model does not say it')
    .option('--crop-to-aspect-ratio', 'cut images rather than distort them')
    .option('--pad-to-aspect-ratio', 'add black borders rather than distort them')
    .option('--batch-size <count>', 'samples that are evaluated at a time (default: 32)')
    .option('--cache <dir>', 'keep the features of the prefix there, and use those that are')
    .option('--cache-size <bytes>', 'the most that folder may take: 500MB, 2GB')
    .option('--jobs <count>', 'threads that evaluate batches (default: 1)')
    .option('--shard <i/n>', 'evaluate a part, i from 0; auto in a job array. Prints JSON for --merge')
    .option('--merge <part...>', 'the evaluation that these parts make up')
    .option('-o, --out <file>', 'also write the result there as JSON; - for standard output')
    .option('--json', 'print JSON in place of a table')
    .option('--quiet', 'neither progress nor warnings')
    .option('--force', 'overwrite a file that skipc did not write')
    .addHelpText('after', '\nExample:\n  skipc eval model.json --output aux --data test.npz --hoist mixed0 --cache features')
    .action(action(async () => (await import('./eval.ts')).runEval));

  program
    .command('inspect', { isDefault: true })
    .description('Show inputs, outputs, layers, what each output needs, and where to hoist.')
    .argument('<model>', 'model.json, .keras, .h5, Keras JSON, a URL, or - for standard input')
    .addOption(pluginOption())
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  skipc inspect model.json')
    .action(action(async () => (await import('./inspect.ts')).runInspect));

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
