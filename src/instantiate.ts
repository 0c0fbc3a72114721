import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { toJavaScript } from './emit/javascript.ts';
import type { Info } from './runtime/info.ts';
import type { LoadOptions, WeightSource } from './runtime/load.ts';

/** An emitted module, imported. Its own types are exact; these are what all modules share. */
export interface Instance {
  readonly info: Info;
  load(source?: WeightSource, options?: LoadOptions): Promise<NamedTensorMap>;
  predict(w: NamedTensorMap, inputs: NamedTensorMap | Tensor): NamedTensorMap;
  /** Absent where nothing is hoisted. */
  prefix?(w: NamedTensorMap, inputs: NamedTensorMap | Tensor): NamedTensorMap;
  suffix?(w: NamedTensorMap, features: NamedTensorMap): NamedTensorMap;
  dispose(w: NamedTensorMap): void;
}

/**
 * Imports a module that is nowhere on disk: it is there for the moment of the import.
 * @param weights what `load()` reads when it is given nothing
 */
export async function instantiate(code: string, weights: Uint8Array | null): Promise<Instance> {
  // From a temporary folder no bare specifier resolves, so the packages are named by where this one finds them.
  const script = toJavaScript(code).replaceAll(
    /^((?:\} from|import(?: \{.*\} from)?) )'(@tensorflow\/[a-z-]+)'/gm,
    (_, keyword: string, name: string) => `${keyword}'${import.meta.resolve(name)}'`,
  );
  const folder = await mkdtemp(join(tmpdir(), 'skipc-'));
  try {
    const file = join(folder, 'module.mjs');
    await writeFile(file, script);
    const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Instance;
    return weights === null ? module : { ...module, load: (source = weights, options = {}) => module.load(source, options) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
