import type { Command } from 'commander';
import { withMeasures } from '../measures.ts';
import { withSelection } from '../selection.ts';
import { action } from './action.ts';

/** `skipc eval`: losses and metrics over labelled data. */
export function evalCommand(program: Command): void {
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
    .action(action(async () => (await import('../eval.ts')).runEval));
}
