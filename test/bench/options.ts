import { Command, InvalidArgumentError } from 'commander';
import type { BackendName } from '../backends.ts';

export interface Options {
  /** Models whose name holds one of these; all where there are none. */
  readonly only: readonly string[];
  readonly backends: readonly BackendName[];
  readonly batches: readonly number[];
  /** Peers whose name holds one of these; all where there are none. */
  readonly peers: readonly string[];
  readonly seconds: number;
  readonly fewest: number;
  readonly out: string;
  readonly models: string | null;
  /** What is run beside timing models. */
  readonly parts: ReadonlySet<Part>;
}

export const PARTS = ['models', 'starts', 'epochs', 'compile', 'bundles'] as const;
export type Part = (typeof PARTS)[number];

const BACKENDS: ReadonlyMap<string, BackendName> = new Map([
  ['wasm', 'wasm'],
  ['node', 'tensorflow'],
  ['cpu', 'cpu'],
]);

const words = (text: string): string[] => text.split(',').filter((word) => word !== '');
const collect =
  <T>(one: (text: string) => T[]) =>
  (text: string, all: T[] | undefined): T[] => [...(all ?? []), ...one(text)];

function backend(text: string): BackendName[] {
  return words(text).map((word) => BACKENDS.get(word) ?? refuse(`one of ${[...BACKENDS.keys()].join(', ')}`));
}

function part(text: string): Part[] {
  return words(text).map((word) => PARTS.find((name) => name === word) ?? refuse(`some of ${PARTS.join(', ')}`));
}

function positive(text: string): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : refuse('a number above zero');
}

function count(text: string): number[] {
  return words(text).map((word) => (/^[1-9]\d*$/.test(word) ? Number(word) : refuse('a whole number above zero')));
}

function refuse(wanted: string): never {
  throw new InvalidArgumentError(`It takes ${wanted}.`);
}

/**
 * Reads the command line.
 * @param argv words behind the script's name
 * @param out the folder of results, unless another is named
 */
export function readOptions(argv: readonly string[], out: string): Options {
  const command = new Command('npm run bench --')
    .description('Times skipc beside other ways of evaluating the same models, and writes RESULTS.md and results.json.')
    .option('--only <models>', 'only models whose name contains this', collect(words))
    .option('--backend <name>', 'wasm, node or cpu; by default all', collect(backend))
    .option('--batch <n>', 'only this batch size', collect(count))
    .option('--peers <names>', 'only peers whose name contains one of these, comma-separated', collect(words))
    .option('--part <names>', `only some of ${PARTS.join(', ')}; of the others, earlier results are kept`, collect(part))
    .option('--seconds <s>', 'how long each model and batch is timed, after warming up', positive, 5)
    .option('--quick', 'time each for a second, and only models')
    .option('--models <folder>', 'a folder with NAME.onnx and NAME/saved_model.pb to compare with')
    .option('--out <folder>', 'where the results are written', out)
    .parse(argv, { from: 'user' });
  const given = command.opts<{
    only?: string[];
    backend?: BackendName[];
    batch?: number[];
    peers?: string[];
    part?: Part[];
    seconds: number;
    quick?: boolean;
    models?: string;
    out: string;
  }>();
  const quick = given.quick === true;
  return {
    only: given.only ?? [],
    backends: given.backend ?? ['wasm', 'tensorflow', 'cpu'],
    batches: given.batch ?? [1, 32],
    peers: given.peers ?? [],
    seconds: quick ? 1 : given.seconds,
    fewest: quick ? 3 : 7,
    out: given.out,
    models: given.models ?? null,
    parts: new Set(given.part ?? (quick ? ['models'] : PARTS)),
  };
}
