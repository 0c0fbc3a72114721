import type { Location } from '../diagnostics/error.ts';
import { fail } from '../diagnostics/error.ts';
import { validate } from '../schema/validate.ts';
import { readEndpoints } from './endpoints.ts';
import { functionalConfig } from './keras.ts';
import { type Envelope, readLayers } from './layers.ts';
import { readNodes } from './nodes.ts';
import type { ModelSpec } from './spec.ts';

/** A functional model: layers with the calls that connect them, and the tensors it takes and gives. */
export function readFunctional(envelope: Envelope, name: string | null, where: Location): ModelSpec {
  const at: Location = { ...where, pointer: `${where.pointer ?? ''}/config` };
  const config = validate(functionalConfig, envelope.config, at);
  const uncalled = readLayers(config.layers, { file: where.file, pointer: `${at.pointer}/layers` });
  const names = new Set(uncalled.map((layer) => layer.name));
  const layers = uncalled.map(({ buildConfig: _, ...layer }) => ({
    ...layer,
    nodes: readNodes(layer.nodes, names, { file: where.file, pointer: layer.pointer, layer: layer.name }),
  }));
  const outputs = readEndpoints(config.output_layers, { ...at, pointer: `${at.pointer}/output_layers` });
  if (outputs.length === 0)
    fail('config-invalid', { found: 'nothing', expected: 'at least one output' }, { ...at, pointer: `${at.pointer}/output_layers` });
  return {
    name: name ?? config.name ?? 'model',
    className: envelope.class_name,
    trainable: config.trainable !== false,
    pointer: where.pointer ?? '',
    layers,
    inputs: readEndpoints(config.input_layers, { ...at, pointer: `${at.pointer}/input_layers` }),
    outputs,
  };
}
