import type { CallId, Origin } from '../model/graph.ts';
import { divergencesOf } from './divergences.ts';
import { masksByCall } from './masks.ts';
import type { PeerTopology } from './topology.ts';

/**
 * What tfjs-layers is known to compute otherwise than Keras, call by call; nothing for a model that it wrote itself.
 * @returns sentences for the calls about which there is one
 */
export function knownDivergences(origin: Origin, topology: PeerTopology): ReadonlyMap<CallId, readonly string[]> {
  const masks = masksByCall(topology, topology.lowered.masks, origin.keras === 3);
  const found = new Map<CallId, readonly string[]>();
  for (const { id, layer, inputs, states } of topology.calls) {
    const known = divergencesOf({
      className: layer.className,
      config: layer.config,
      origin,
      inputs: inputs.map((tensor) => topology.lowered.types.get(tensor)),
      masks: masks.get(id) ?? { keras: null, peer: null },
      startsElsewhere: states > 0,
    });
    if (known.length > 0) found.set(id, known);
  }
  return found;
}
