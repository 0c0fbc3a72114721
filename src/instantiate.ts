import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { toJavaScript } from './emit/javascript.ts';
import type { EvaluationData } from './runtime/evaluate/data.ts';
import type { EvaluateOptions } from './runtime/evaluate/evaluate.ts';
import type { Info } from './runtime/info.ts';
import type { LoadOptions, WeightSource } from './runtime/load.ts';
import type { Refreshed } from './runtime/refresh.ts';

/** An emitted module, imported. Its own types are exact; these are what all modules share. */
export interface Instance {
  readonly info: Info;
  load(source?: WeightSource, options?: LoadOptions): Promise<NamedTensorMap>;
  predict(w: NamedTensorMap, inputs: NamedTensorMap | Tensor): NamedTensorMap;
  /** Absent where nothing is hoisted. */
  prefix?(w: NamedTensorMap, inputs: NamedTensorMap | Tensor): NamedTensorMap;
  suffix?(w: NamedTensorMap, features: NamedTensorMap): NamedTensorMap;
  /** Absent where neither a loss nor a metric is known. */
  evaluate?(w: NamedTensorMap, data: EvaluationData, options?: EvaluateOptions): Promise<Record<string, number | readonly number[]>>;
  /** Absent where the program has no weights. */
  refresh?(w: NamedTensorMap, source: WeightSource): Promise<Refreshed>;
  /** Absent where nothing is hoisted. */
  prefixKey?(w: NamedTensorMap): Promise<string>;
  dispose(w: NamedTensorMap): void;
}

/**
 * Imports a module that is nowhere on disk: it is there for the moment of the import.
 * @param weights what `load()` reads when it is given nothing
 */
export async function instantiate(code: string, weights: Uint8Array | null): Promise<Instance> {
  return withScripts({ 'module.mjs': code }, async (url) => {
    const module = (await import(/* @vite-ignore */ url('module.mjs').href)) as Instance;
    return weights === null ? module : { ...module, load: (source = weights, options = {}) => module.load(source, options) };
  });
}

/**
 * Puts TypeScript modules into a folder of their own, as JavaScript, while some work goes on.
 * @param scripts by file name
 */
export async function withScripts<T>(
  scripts: Readonly<Record<string, string>>,
  work: (url: (name: string) => URL) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'skipc-'));
  try {
    for (const [name, code] of Object.entries(scripts)) await writeFile(join(folder, name), withoutPackages(toJavaScript(code)));
    return await work((name) => pathToFileURL(join(folder, name)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** From a temporary folder no bare specifier resolves, so the packages of tfjs are named by where this one finds them. */
const withoutPackages = (script: string): string =>
  script.replaceAll(
    /^((?:\} from|import(?: \{.*\} from)?) )'(@tensorflow\/[a-z-]+)'/gm,
    (_, keyword: string, name: string) => `${keyword}'${import.meta.resolve(name)}'`,
  );
