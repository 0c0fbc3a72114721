import type * as Core from '@tensorflow/tfjs-core';
import type { StoredWeight } from '../emit/safetensors.ts';
import type { Weight } from '../ir/program.ts';
import type { Layer } from '../model/graph.ts';
import { decoded } from '../read/weights/values.ts';
import { type Available, resolveVariables, type Variable } from '../runtime/resolve.ts';
import type { PeerLayer } from './library.ts';
import type { NoPeer } from './topology.ts';

/**
 * Puts a model's weights into the layers of tfjs-layers, each found by its name and shape among those of its layer.
 * @param variables what a program calls the weights
 * @returns why the layers do not take them, null where they do
 */
export function setWeights(
  core: typeof Core,
  layers: ReadonlyMap<Layer, PeerLayer>,
  variables: readonly Weight[],
  weights: readonly StoredWeight[],
): NoPeer | null {
  const stored = new Map(weights.map((weight) => [weight.name, weight]));
  const byLayer = new Map<string, Weight[]>();
  for (const variable of variables) {
    const own = byLayer.get(variable.layer);
    if (own === undefined) byLayer.set(variable.layer, [variable]);
    else own.push(variable);
  }
  for (const [{ path }, layer] of layers) {
    const own = (byLayer.get(path) ?? []).map(({ variable }) => stored.get(`${path}/${variable}`)).filter((weight) => weight !== undefined);
    const names = layer.weights.map(({ originalName, shape }) => ({
      name: `${path}/${originalName.slice(layer.name.length + 1)}`,
      shape: shape.map(Number),
    }));
    try {
      const places = inOrder(own, names) ?? resolveVariables(wanted(own), names);
      const unset = names.find((_, i) => !places.includes(i));
      if (unset !== undefined) throw new Error(`its weight "${unset.name}" is none of the model's`);
      for (const [i, place] of places.entries()) {
        core.tidy(() => void layer.weights[place]?.write(tensorOf(core, own[i] as StoredWeight)));
      }
    } catch (error) {
      return { reason: `tfjs-layers cannot take the weights of ${JSON.stringify(path)}: ${(error as Error).message}`, layer: path };
    }
  }
  return null;
}

const wanted = (own: readonly StoredWeight[]): Variable[] => own.map(({ name, shape, dtype }, i) => [name, i, shape, dtype]);

/** The weights one after the other, where names and shapes say that tfjs-layers lists the same: it has other names for the cells of a loop. */
function inOrder(own: readonly StoredWeight[], there: readonly Available[]): readonly number[] | null {
  const last = (name: string): string | undefined => name.split('/').at(-1);
  const isSame = ({ name, shape }: StoredWeight, i: number): boolean =>
    last(name) === last(there[i]?.name ?? '') && shape.join() === there[i]?.shape.join();
  return own.length === there.length && own.every(isSame) ? own.map((_, i) => i) : null;
}

const tensorOf = (core: typeof Core, weight: StoredWeight): Core.Tensor =>
  core.tensor(decoded(weight, weight.bytes), [...weight.shape], weight.dtype);
