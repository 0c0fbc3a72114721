import type { Command } from 'commander';
import { withMeasures } from '../measures.ts';
import { withSelection } from '../selection.ts';
import { action } from './action.ts';

/** `skipc compile`: the module of chosen outputs, or all modules of a config. */
export function compileCommand(program: Command): void {
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
    .option('--explain', 'say of every layer what became of it, and why')
    .option('--json', 'print the summary as JSON on standard output')
    .option('--quiet', 'print no summary')
    .option('--force', 'overwrite files that skipc did not write')
    .addHelpText('after', '\nExample:\n  skipc compile model.json --output aux --hoist mixed0')
    .action(action(async () => (await import('../compile.ts')).runCompile));
}
