import { fail, type Location } from '../diagnostics/error.ts';
import { suggest } from '../diagnostics/suggest.ts';
import type { TensorId } from '../model/graph.ts';
import { brief } from '../schema/validate.ts';
import type { Instance } from './instances.ts';
import type { Site } from './paths.ts';
import { isInputLayer, type Reference } from './spec.ts';

export type Resolve = (instance: Instance, reference: Reference, where: Location) => TensorId;

/**
 * Finds the tensor that a reference means: through the outputs of nested models, and through their inputs to what they are
 * given. Each step follows exactly one reference, so this is a walk and not a recursion: nested models may stand in long chains.
 * @throws SkipcError `layer-missing-reference`, `model-cyclic`
 */
export function resolver(): Resolve {
  const known = new Map<Instance, (TensorId | typeof WALKING | undefined)[]>();

  return (instance, reference, where) => {
    const passed: { readonly slots: (TensorId | typeof WALKING | undefined)[]; readonly slot: number; readonly name: string }[] = [];
    let at = instance;
    let next = reference;
    let place = where;
    const arrive = (tensor: TensorId): TensorId => {
      for (const { slots, slot } of passed) slots[slot] = tensor;
      return tensor;
    };
    for (;;) {
      const site = at.model.sites.get(next.layer) ?? missingLayer(next, at, place);
      if (site.model !== null) {
        const child = calledModel(site, next, at, place);
        const output = child.model.spec.outputs[next.tensor];
        if (output === undefined)
          return missing(`tensor ${next.tensor} of ${brief(next.layer)}, which gives ${child.model.spec.outputs.length}`, place);
        place = { ...place, pointer: `${site.model.spec.pointer}/config/output_layers`, layer: site.path };
        at = child;
        next = output.reference;
      } else if (isInputLayer(site.spec)) {
        if (next.tensor !== 0) missing(`tensor ${next.tensor} of the input ${brief(next.layer)}`, place);
        const slot = at.model.slots.get(next.layer);
        const given = slot === undefined ? undefined : at.given[slot];
        if (at.parent === null || slot === undefined || given === undefined) return arrive(`${site.path}@0:0`);
        const slots = known.get(at) ?? [];
        known.set(at, slots);
        const found = slots[slot];
        if (found === WALKING) fail('model-cyclic', { cycle: passed.map(({ name }) => name) }, where);
        if (found !== undefined) return arrive(found);
        slots[slot] = WALKING;
        passed.push({ slots, slot, name: site.path });
        place = { ...place, pointer: at.node?.pointer };
        at = at.parent;
        next = given;
      } else {
        const first = at.firstCall.get(site) ?? 0;
        if (next.call >= site.spec.nodes.length) missingCall(site, next, next.call, place);
        return arrive(`${site.path}@${first + next.call}:${next.tensor}`);
      }
    }
  };
}

const WALKING = Symbol('being resolved');

/** The number of a nested model's call that a reference means, from 0. */
export function callNumber(reference: Reference, instance: Instance): number {
  return reference.call - (reference.counting === 'list' ? (instance.model.firstCalls.get(reference.layer) ?? 0) : 0);
}

function calledModel(site: Site, reference: Reference, instance: Instance, where: Location): Instance {
  const number = callNumber(reference, instance);
  return instance.children.get(site)?.[number] ?? missingCall(site, reference, reference.call, where);
}

function missingLayer(reference: Reference, instance: Instance, where: Location): never {
  const { name } = instance.model.spec;
  return missing(
    `layer ${brief(reference.layer)}, which is not in the model ${brief(name)}`,
    where,
    suggest(reference.layer, instance.model.sites.keys()),
  );
}

function missingCall(site: Site, reference: Reference, call: number, where: Location): never {
  const times = site.spec.nodes.length;
  return missing(`call ${call} of layer ${brief(reference.layer)}, which is called ${times === 1 ? 'once' : `${times} times`}`, where);
}

const missing = (what: string, where: Location, suggestions: readonly string[] = []): never =>
  fail('layer-missing-reference', { what, suggestions }, where);
