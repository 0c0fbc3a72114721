import type { Call, CallId } from '../model/graph.ts';
import type { Instance } from './instances.ts';
import type { PlacedModel, Site } from './paths.ts';
import { callNumber } from './resolve.ts';
import { isInputLayer, type NodeSpec, type Reference, referencesIn } from './spec.ts';

/** One call of a layer, or of a model, within a model. */
interface Visit {
  readonly site: Site;
  /** Counted within the model. */
  readonly number: number;
}

/**
 * Calls in the order in which Keras 3 runs them: by their distance from the outputs, the farthest first, and of equals the one that is
 * met first on the way back from the last output (`map_graph` in `keras/src/ops/function.py`); a nested model runs as a whole. It matters
 * where a layer takes masks off its inputs, as MultiHeadAttention does. What no output needs comes last. Recursive over nesting, which is
 * bounded.
 * @param calls in an order in which they can run
 */
export function inKerasOrder(calls: readonly Call[], root: Instance): readonly Call[] {
  const rest = new Map(calls.map((call) => [call.id, call]));
  const ordered: Call[] = [];
  const orders = new Map<PlacedModel, readonly Visit[]>();
  const run = (instance: Instance): void => {
    const order = orders.get(instance.model) ?? orderOf(instance);
    orders.set(instance.model, order);
    for (const { site, number } of order) {
      const child = instance.children.get(site)?.[number];
      if (child !== undefined) run(child);
      const id: CallId = `${site.path}@${(instance.firstCall.get(site) ?? 0) + number}`;
      const call = rest.get(id);
      if (call !== undefined) ordered.push(call);
      rest.delete(id);
    }
  };
  run(root);
  return [...ordered, ...rest.values()];
}

/** What one model runs, its nested models as one call each. */
function orderOf(instance: Instance): readonly Visit[] {
  const { sites, spec } = instance.model;
  const visits = new Map([...sites.values()].map((site) => [site, site.spec.nodes.map((_, number): Visit => ({ site, number }))]));
  const visitOf = (reference: Reference): readonly Visit[] => {
    const site = sites.get(reference.layer);
    if (site === undefined || isInputLayer(site.spec)) return [];
    const visit = visits.get(site)?.[site.model === null ? reference.call : callNumber(reference, instance)];
    return visit === undefined ? [] : [visit];
  };
  const parentsOf = ({ site, number }: Visit): readonly Visit[] => tensorsOf(site.spec.nodes[number] as NodeSpec).flatMap(visitOf);

  const depths = new Map<Visit, number>();
  const layerDepths = new Map<Site, number>();
  const outputs = spec.outputs.flatMap(({ reference }) => visitOf(reference));
  for (const visit of fromInputs(outputs, parentsOf).toReversed()) {
    const depth = Math.max(depths.get(visit) ?? 0, layerDepths.get(visit.site) ?? 0);
    depths.set(visit, depth);
    layerDepths.set(visit.site, depth);
    for (const parent of parentsOf(visit)) depths.set(parent, Math.max(depths.get(parent) ?? 0, depth + 1));
  }
  return [...depths].sort(([, a], [, b]) => b - a).map(([visit]) => visit);
}

/** The tensors of a call in Keras's order, which has keyword arguments by their names. */
function tensorsOf({ args, kwargs }: NodeSpec): readonly Reference[] {
  const named = Object.keys(kwargs).sort();
  return [...referencesIn(args), ...named.flatMap((name) => referencesIn(kwargs[name] ?? null))];
}

/** A depth-first walk back from the outputs, each call behind all that it needs. Does not recurse: chains are long. */
function fromInputs(outputs: readonly Visit[], parentsOf: (visit: Visit) => readonly Visit[]): readonly Visit[] {
  const seen = new Set<Visit>();
  const finished: Visit[] = [];
  for (const output of outputs) {
    const walk: { readonly visit: Visit; readonly parents: readonly Visit[]; next: number }[] = [];
    const enter = (visit: Visit): void => {
      if (seen.has(visit)) return;
      seen.add(visit);
      walk.push({ visit, parents: parentsOf(visit), next: 0 });
    };
    enter(output);
    for (let top = walk.at(-1); top !== undefined; top = walk.at(-1)) {
      const parent = top.parents[top.next++];
      if (parent !== undefined) enter(parent);
      else {
        finished.push(top.visit);
        walk.pop();
      }
    }
  }
  return finished;
}
