import type { Command } from 'commander';
import { withMeasures } from '../measures.ts';
import { withSelection } from '../selection.ts';
import { action } from './action.ts';

/** `skipc ir`: the program as text. */
export function irCommand(program: Command): void {
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
    .option('--hash-weights', "put a hash of each weight's values on its line")
    .option('--weights <file>', 'with it, a file to take weights from: .weights.h5, .npz, .h5, .keras or a tfjs model.json')
    .option('--explain', 'also say of every layer what became of it, on standard error')
    .option('--json', 'as JSON')
    .option('-o, --out <file>', 'write to this file')
    .option('--force', 'overwrite a file that skipc did not write')
    .addHelpText('after', '\nExample:\n  skipc ir model.json --output aux > aux.ir')
    .action(action(async () => (await import('../ir.ts')).runIr));
}
