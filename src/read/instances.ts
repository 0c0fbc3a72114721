import { fail, type Location } from '../diagnostics/error.ts';
import { bindInputs } from './binding.ts';
import type { PlacedModel, Site } from './paths.ts';
import { isInputLayer, type NodeSpec, type Reference } from './spec.ts';

/** More calls than any model has: a few nested models that each call the next twice would otherwise fill the memory. */
const MOST_CALLS = 1_000_000;

/** One call of a model: the whole model, or a nested one with what it is given. */
export interface Instance {
  readonly model: PlacedModel;
  readonly parent: Instance | null;
  /** What the parent gives for each input; none for the whole model. */
  readonly given: readonly Reference[];
  /** The parent's mask for each input, as far as it gives any. */
  readonly masks: readonly (Reference | null)[];
  /** The node of the parent that is this call, null for the whole model. */
  readonly node: NodeSpec | null;
  /** True where this call asks for training behaviour. */
  readonly training: boolean;
  /** The number of each layer's first call here. */
  readonly firstCall: Map<Site, number>;
  readonly children: Map<Site, Instance[]>;
}

export interface PlannedCall {
  readonly instance: Instance;
  readonly site: Site;
  readonly node: NodeSpec;
  readonly id: string;
}

export interface Plan {
  readonly root: Instance;
  /** Every call of an ordinary layer, in file order. */
  readonly calls: readonly PlannedCall[];
  /** Every call of every nested model, in file order. */
  readonly nested: readonly { readonly site: Site; readonly number: number; readonly instance: Instance }[];
}

/**
 * Numbers all calls. A nested model that is called several times gives its layers as many calls, numbered in the order of the
 * model's calls. Recursive over nesting, which is bounded.
 * @throws SkipcError `model-too-large`, `nested-mask`, `layer-inputs`
 */
export function planCalls(model: PlacedModel, file: string | undefined): Plan {
  const calls: PlannedCall[] = [];
  const nested: { site: Site; number: number; instance: Instance }[] = [];

  const enter = (
    placed: PlacedModel,
    parent: Instance | null,
    given: readonly Reference[],
    masks: readonly (Reference | null)[],
    node: NodeSpec | null,
    training: boolean,
  ): Instance => {
    const instance: Instance = { model: placed, parent, given, masks, node, training, firstCall: new Map(), children: new Map() };
    for (const site of placed.sites.values()) {
      if (isInputLayer(site.spec)) continue;
      instance.firstCall.set(site, site.calls);
      if (site.model !== null) instance.children.set(site, []);
      for (const call of site.spec.nodes) {
        if (calls.length + nested.length >= MOST_CALLS) fail('model-too-large', { most: MOST_CALLS }, { file, layer: site.path });
        const number = site.calls++;
        if (site.model === null) {
          calls.push({ instance, site, node: call, id: `${site.path}@${number}` });
          continue;
        }
        const where: Location = { file, pointer: call.pointer, layer: site.path };
        const binding = bindInputs(call, site.model.spec, where);
        const child = enter(site.model, instance, binding.given, binding.masks, call, binding.training ?? training);
        nested.push({ site, number, instance: child });
        instance.children.get(site)?.push(child);
      }
    }
    return instance;
  };

  return { root: enter(model, null, [], [], null, false), calls, nested };
}
