import { fail, type Location } from '../diagnostics/error.ts';
import { validate } from '../schema/validate.ts';
import { sequentialConfig } from './keras.ts';
import { type Beginning, beginWith, branchesOf, freeName } from './keras1/branches.ts';
import { type Envelope, readLayers, type Uncalled } from './layers.ts';
import { builtShape, type FileShape, statedDType, statedInputShape } from './shapes.ts';
import { isInputLayer, isObject, type LayerSpec, type ModelSpec, Reference, referencesIn } from './spec.ts';

/**
 * A Sequential: each layer is called once, with what the one before gives. Where it does not start with an InputLayer, one is
 * put there under the name Keras gives it, `<first layer>_input`. In Keras 1 it may start with a merge of other models.
 */
export function readSequential(envelope: Envelope, name: string | null, where: Location): ModelSpec {
  const bare = Array.isArray(envelope.config);
  const at: Location = { ...where, pointer: `${where.pointer ?? ''}/config` };
  const config = validate(sequentialConfig, bare ? { layers: envelope.config } : envelope.config, at);
  const pointer = bare ? at.pointer : `${at.pointer}/layers`;
  const branches = branchesOf(config.layers[0]);
  const pointers = [...branches.map((_, i) => `${pointer}/0/config/layers/${i}`), ...config.layers.map((_, i) => `${pointer}/${i}`)];
  const all = readLayers([...branches, ...config.layers], { file: where.file, pointer }, pointers);
  const listed = all.slice(branches.length);
  const first = listed[0] as Uncalled;
  const names = new Set(all.map((layer) => layer.name));
  const start =
    branches.length > 0
      ? beginWith(all.slice(0, branches.length), names, (layer) => withoutCalls(implicitInput(layer, null, names, where)), where.file)
      : beginPlainly(isInputLayer(first) ? first : implicitInput(first, { envelope, shape: config.build_input_shape }, names, where));
  const layers: LayerSpec[] = [...start.layers];
  let { last } = start;
  for (const layer of isInputLayer(first) ? listed.slice(1) : listed) {
    const location: Location = { file: where.file, pointer: layer.pointer, layer: layer.name };
    if (isInputLayer(layer))
      fail('config-invalid', { found: 'an InputLayer', expected: 'one only as the first layer of a Sequential' }, location);
    if (layer.model !== null && layer.model.outputs.length !== 1) {
      fail('sequential-branches', { name: layer.name, outputs: layer.model.outputs.length }, location);
    }
    layers.push({ ...withoutCalls(layer), nodes: [{ args: [last], kwargs: {}, pointer: layer.pointer }] });
    last = new Reference(layer.name, 0, 0, 'history');
  }
  return {
    name: name ?? config.name ?? 'sequential',
    className: envelope.class_name,
    trainable: config.trainable !== false,
    pointer: where.pointer ?? '',
    layers,
    inputs: start.inputs,
    outputs: referencesIn(last).map((reference) => ({ reference, key: null })),
  };
}

const withoutCalls = ({ buildConfig: _, ...layer }: Uncalled): LayerSpec => ({ ...layer, nodes: [] });

const beginPlainly = (input: Uncalled): Beginning => ({
  layers: [withoutCalls(input)],
  inputs: [{ reference: new Reference(input.name, 0, 0, 'list'), key: null }],
  last: new Reference(input.name, 0, 0, 'history'),
});

/**
 * The InputLayer that Keras puts before a layer. Without a known shape it states none: that matters only where nothing else feeds it.
 * @param model what the Sequential itself says of its shape, where the layer is its first
 */
function implicitInput(
  first: Uncalled,
  model: { readonly envelope: Envelope; readonly shape: unknown } | null,
  taken: ReadonlySet<string>,
  where: Location,
): Uncalled {
  const name = freeName(`${first.name}_input`, taken);
  const stated = statementOf(first, where.file);
  const shape =
    stated?.shape ?? builtShape(model?.shape, model?.envelope.build_config?.['input_shape'], first.buildConfig?.['input_shape']);
  return {
    name,
    className: 'InputLayer',
    config: { name, dtype: stated?.dtype ?? statedDType(first.config), ...(shape === null ? {} : { batch_shape: shape }) },
    trainable: true,
    pointer: first.pointer,
    nodes: undefined,
    buildConfig: null,
    model: null,
  };
}

/** What the first layer says of its input, looking through nested models for the layer that says it. Nesting is bounded. */
function statementOf(
  layer: Pick<LayerSpec, 'config' | 'model' | 'name' | 'pointer'>,
  file: string | undefined,
): { shape: FileShape; dtype: string } | null {
  if (layer.model === null) {
    const shape = statedInputShape(layer.config, { file, pointer: layer.pointer, layer: layer.name });
    return shape === null ? null : { shape, dtype: statedDType(layer.config) };
  }
  const own = isObject(layer.config) ? builtShape(layer.config['batch_input_shape']) : null;
  const inner = layer.model.layers.find((candidate) => candidate.name === layer.model?.inputs[0]?.reference.layer);
  const said = inner === undefined ? null : statementOf(inner, file);
  return said ?? (own === null ? null : { shape: own, dtype: 'float32' });
}
