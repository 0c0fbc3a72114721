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
 * Imports a module without writing it to disk.
 * @param weights what `load()` reads when it is given nothing
 */
export async function instantiate(code: string, weights: Uint8Array | null): Promise<Instance> {
  // A data: URL resolves no bare specifier, so the packages are named by where this one finds them.
  const script = toJavaScript(code).replaceAll(
    /(from |import )'(@tensorflow\/[a-z-]+)'/g,
    (_, keyword: string, name: string) => `${keyword}'${import.meta.resolve(name)}'`,
  );
  const module = (await import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(script).toString('base64')}`)) as Instance;
  return weights === null ? module : { ...module, load: (source = weights, options = {}) => module.load(source, options) };
}
