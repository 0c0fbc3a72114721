import type { Command } from 'commander';
import { pluginOption, withPart } from '../selection.ts';
import { action } from './action.ts';

/** `skipc diff`: what differs between two models or dumps. */
export function diffCommand(program: Command): void {
  withPart(
    program
      .command('diff')
      .description('Show what differs between two models, or two IR dumps: exit 0 where nothing does, 1 where something does.')
      .usage('[options] <a> <b>')
      .argument('<files...>', 'two of: model.json, .keras, .h5, Keras JSON, a URL, - for standard input, an IR dump'),
  )
    .addOption(pluginOption())
    .option('--ops', 'compare models op by op, as dumps are, and not layer by layer')
    .option('--weights-a <file>', 'a file to take the weights of the first from: .weights.h5, .npz, .h5, .keras or a tfjs model.json')
    .option('--weights-b <file>', 'likewise of the second')
    .option('--verbose', 'list everything, and what matters to training alone')
    .option('--json', 'as JSON')
    .option('--markdown', 'as Markdown, for a pull request')
    .option('--git', 'take the arguments that git hands to diff.<driver>.command; exit 0')
    .addHelpText(
      'after',
      '\nExamples:\n  skipc diff old.json new.json\n  git config diff.skipc.command "skipc diff --git"    # and in .gitattributes: model.json diff=skipc',
    )
    .action(action(async () => (await import('../diff.ts')).runDiff));
}
