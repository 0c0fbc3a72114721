import type { Command } from 'commander';
import { withMeasures } from '../measures.ts';
import { withSelection } from '../selection.ts';
import { action } from './action.ts';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** `skipc verify`: whether a module computes what the model says. */
export function verifyCommand(program: Command): void {
  withMeasures(
    withSelection(
      program
        .command('verify')
        .description('Compare the compiled module, layer by layer, with tfjs-layers, with itself unoptimised, and with recorded values.')
        .argument('<model>', 'as for compile'),
    ),
  )
    .option('--weights <file>', 'a file to take weights from, as for compile (default: those of the model, else random ones)')
    .option('--module <file>', 'verify this module on disk and its weight file, in place of one that is compiled for this')
    .option('--backend <name>', 'node, wasm or cpu (default: the first of these that is installed)')
    .option(
      '--against <what>',
      'layers (tfjs-layers), unoptimised, or a .npz of inputs and outputs (repeatable; default: the first two)',
      collect,
    )
    .option('--batch-sizes <list>', 'samples in a batch (default: 1,2,5)')
    .option('--seed <number>', 'another one makes other random inputs and weights (default: 0)')
    .option('--tolerance <part>', 'what may differ at least, as part of the largest magnitude of a value (default: that of the backend)')
    .option('--reduce <file>', 'write the smallest part of the model that shows the mismatch, as a model.json')
    .option('--json', 'print JSON in place of tables')
    .option('--quiet', 'neither progress nor warnings')
    .option('--force', 'overwrite a file that skipc did not write')
    .addHelpText('after', '\nExit status: 0 verified, 1 a mismatch.\n\nExample:\n  skipc verify model.json --output aux')
    .action(action(async () => (await import('../verify.ts')).runVerify));
}
