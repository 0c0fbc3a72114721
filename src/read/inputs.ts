import { fail, type Location } from '../diagnostics/error.ts';
import { suggest } from '../diagnostics/suggest.ts';
import type { ModelInput } from '../model/graph.ts';
import { brief } from '../schema/validate.ts';
import { type PlacedModel, type Site, unique } from './paths.ts';
import { statedDType, statedInputShape } from './shapes.ts';
import { isInputLayer } from './spec.ts';

/**
 * What the caller hands in: the model's inputs in its own order, then every other InputLayer that nothing feeds (files list
 * InputLayers that the model does not take). The key is that of the dict, or the layer's name; where it is taken, `_1`, `_2`, ...
 * is put behind it.
 * @throws SkipcError `input-shape-unknown`, `layer-missing-reference`, `config-invalid` where an input is no InputLayer
 */
export function modelInputs(model: PlacedModel, file: string | undefined): readonly ModelInput[] {
  const keys = new Map<string, number>();
  const listed = new Set<Site>();
  const inputs: ModelInput[] = [];
  const add = (site: Site, key: string): void => {
    if (listed.has(site)) return;
    listed.add(site);
    const where: Location = { file, pointer: site.spec.pointer, layer: site.path };
    const shape = statedInputShape(site.spec.config, where);
    if (shape === null) fail('input-shape-unknown', { name: site.spec.name }, where);
    inputs.push({
      key: unique(key, keys, '_', 1),
      tensor: `${site.path}@0:0`,
      shape,
      dtype: statedDType(site.spec.config),
      name: site.path,
    });
  };
  const pointer = `${model.spec.pointer}/config/input_layers`;
  for (const { reference, key } of model.spec.inputs) add(inputSite(model, reference.layer, { file, pointer }), key ?? reference.layer);
  for (const site of unfed(model, true, file)) add(site, site.path);
  return inputs;
}

/** InputLayers that no call feeds: those of the whole model, and inside nested models those that are none of its inputs. */
function* unfed(model: PlacedModel, whole: boolean, file: string | undefined): Generator<Site> {
  for (const { reference } of whole ? [] : model.spec.inputs) {
    inputSite(model, reference.layer, { file, pointer: `${model.spec.pointer}/config/input_layers` });
  }
  for (const site of model.sites.values()) {
    if (site.model !== null) yield* unfed(site.model, false, file);
    else if (isInputLayer(site.spec) && (whole || !model.slots.has(site.spec.name))) yield site;
  }
}

function inputSite(model: PlacedModel, name: string, where: Location): Site {
  const site = model.sites.get(name);
  if (site === undefined) {
    const what = `layer ${brief(name)}, which is not in the model ${brief(model.spec.name)}`;
    fail('layer-missing-reference', { what, suggestions: suggest(name, model.sites.keys()) }, where);
  }
  if (!isInputLayer(site.spec)) {
    fail('config-invalid', { found: `${brief(name)} of class ${brief(site.spec.className)}`, expected: 'an InputLayer' }, where);
  }
  return site;
}
