import type { Command } from 'commander';
import { pluginOption } from '../selection.ts';
import { action } from './action.ts';

/** `skipc inspect`, and `skipc <model>`: what is in a model. */
export function inspectCommand(program: Command): void {
  program
    .command('inspect', { isDefault: true })
    .description('Show inputs, outputs, layers, what each output needs, and where to hoist.')
    .argument('<model>', 'model.json, .keras, .h5, Keras JSON, a URL, or - for standard input')
    .addOption(pluginOption())
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  skipc inspect model.json')
    .action(action(async () => (await import('../inspect.ts')).runInspect));
}
