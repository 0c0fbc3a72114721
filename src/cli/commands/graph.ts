import type { Command } from 'commander';
import { withSelection } from '../selection.ts';
import { action } from './action.ts';

/** `skipc graph`: what became of a model, as a picture. */
export function graphCommand(program: Command): void {
  withSelection(
    program
      .command('graph')
      .description('Draw the model, and what the chosen outputs need of it.')
      .argument('<model>', 'model.json, .keras, .h5, Keras JSON, a URL, or - for standard input'),
  )
    .option('-o, --out <file>', 'the page (.html) or picture (.svg) to write (default: the name of the program with .html)')
    .option('--quiet', 'no warnings, and not what was written')
    .option('--force', 'overwrite a file that skipc did not write')
    .addHelpText('after', '\nExample:\n  skipc graph model.json --output aux --hoist mixed0 -o aux.html')
    .action(action(async () => (await import('../graph.ts')).runGraph));
}
