import type * as Core from '@tensorflow/tfjs-core';
import type * as Layers from '@tensorflow/tfjs-layers';
import { fail } from '../diagnostics/error.ts';

/** A layer of tfjs-layers: the package exports what makes them, and not their class. */
export type PeerLayer = Layers.SymbolicTensor['sourceLayer'];

/** tfjs-layers, and the tfjs-core that it stands on. */
export interface Library {
  readonly core: typeof Core;
  readonly layers: typeof Layers;
  /** A new layer of a registered class. */
  make(className: string, config: object): PeerLayer;
}

/**
 * Loads tfjs-layers, which skipc does not bring along.
 * @throws SkipcError `tfjs-layers-missing` where it is not there, or stands on another tfjs-core than skipc
 */
export async function loadLibrary(): Promise<Library> {
  const core = await import('@tensorflow/tfjs-core');
  let layers: typeof Layers;
  try {
    layers = await import('@tensorflow/tfjs-layers');
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return fail('tfjs-layers-missing', { why: 'the package @tensorflow/tfjs-layers is not installed' });
  }
  const classes = core.serialization.SerializationMap.getMap().classNameMap;
  if (!Object.hasOwn(classes, 'Dense')) {
    const why = `@tensorflow/tfjs-layers ${layers.version_layers} stands on another copy of @tensorflow/tfjs-core than skipc`;
    return fail('tfjs-layers-missing', { why });
  }
  return {
    core,
    layers,
    make(className, config) {
      const [type, fromConfig] = classes[className] as (typeof classes)[string];
      return fromConfig(type, config as Core.serialization.ConfigDict) as unknown as PeerLayer;
    },
  };
}
