import { type Command, Option } from 'commander';
import type { AnalyseOptions } from '../analyse.ts';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** The selection as commander parses it. */
export interface SelectionOptions {
  readonly output?: readonly string[];
  readonly input?: readonly string[];
  readonly skip?: readonly string[];
  readonly hoist?: readonly string[];
  readonly name?: string;
  readonly plugin?: readonly string[];
}

/** Adds the options that choose a part of a model; they are the same for every command. */
export function withSelection(command: Command): Command {
  return withPart(command).option('--name <name>', "what the program is called (default: its outputs' names)").addOption(pluginOption());
}

/** Those that say which part, where no program is made of it that has a name. */
export function withPart(command: Command): Command {
  return command
    .option('--output <name>', 'keep what this needs; KEY=NAME names it in the module (repeatable)', collect)
    .option('--input <name>', 'cut here: this tensor becomes an input (repeatable)', collect)
    .option('--skip <layer>', 'the layer becomes the identity; LAYER=OPERAND for one of several inputs (repeatable)', collect)
    .option('--hoist <where>', 'where the prefix ends: a tensor (repeatable), auto, shared or none', collect);
}

export const pluginOption = (): Option =>
  new Option('--plugin <file>', 'rows of layers that skipc does not have: a .ts or .js file (repeatable)').argParser(collect);

export const selectionOf = async ({ output, input, skip, hoist, name, plugin }: SelectionOptions): Promise<AnalyseOptions> => ({
  outputs: output ?? [],
  inputs: input ?? [],
  skip: skip ?? [],
  hoist,
  name,
  plugins: plugin === undefined ? [] : await (await import('./plugins.ts')).loadPlugins(plugin),
});

/** The selection as it would be typed. */
export function selectionArguments({ output, input, skip, hoist, name }: SelectionOptions): string[] {
  const option = (flag: string, values: readonly string[] = []) => values.flatMap((value) => [flag, value]);
  return [
    ...option('--output', output),
    ...option('--input', input),
    ...option('--skip', skip),
    ...option('--hoist', hoist),
    ...option('--name', name === undefined ? [] : [name]),
  ];
}
