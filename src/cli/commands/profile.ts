import type { Command } from 'commander';
import { withSelection } from '../selection.ts';
import { action } from './action.ts';

/** `skipc profile`: where the time goes. */
export function profileCommand(program: Command): void {
  withSelection(
    program
      .command('profile')
      .description('Time the module layer by layer and kernel by kernel, with tfjs-layers beside it.')
      .argument('<model>', 'model.json, .keras, .h5, Keras JSON, a URL, or - for standard input'),
  )
    .option('--weights <file>', 'a file to take weights from; without any, random ones')
    .option('--backend <name>', 'node, wasm or cpu (default: the first of these that is installed)')
    .option('--batch-size <count>', 'samples in an evaluation (default: 1)')
    .option('--runs <count>', 'how often each side is timed (default: as often as takes some seconds)')
    .option('--top <count>', 'rows of each table (default: 15)')
    .option('--against <what>', 'layers (the default, where it is installed), or none')
    .option('-o, --out <file.html>', 'also write the page of skipc graph, with the times in it')
    .option('--json', 'as JSON')
    .option('--force', 'overwrite a file that skipc did not write')
    .addHelpText('after', '\nExample:\n  skipc profile model.json --output aux --backend wasm')
    .action(action(async () => (await import('../profile.ts')).runProfile));
}
