import {
  anything,
  array,
  boolean,
  either,
  integer,
  nullable,
  object,
  oneOf,
  optional,
  record,
  type Schema,
  type Static,
  string,
} from '../schema/build.ts';

/**
 * The envelopes of Keras models and layers. What is inside a layer's `config` is the layer's own business and declared beside the
 * layer; Keras writes more keys than these, and they are let through.
 */

export const dimension = nullable(integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }));
export const shape = array(dimension);

const index = integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** A layer inside a model, whatever wrote it. */
export const layerEnvelope = object({
  class_name: string,
  // A nested Sequential's config may be the bare list of its layers.
  config: either(record(anything), array(anything)) as Schema<Readonly<Record<string, unknown>> | readonly unknown[]>,
  name: optional(nullable(string)),
  module: optional(nullable(string)),
  registered_name: optional(nullable(string)),
  inbound_nodes: optional(nullable(either(array(anything), record(anything)))),
  build_config: optional(nullable(record(anything))),
});
export type LayerEnvelope = Static<typeof layerEnvelope>;

/** What every layer's config may say of the layer itself. */
export const layerIdentity = object({ name: optional(nullable(string)), trainable: optional(nullable(boolean)) });

/** A Keras 3 tensor inside `args` or `kwargs` of a node. */
export const kerasTensor = object({
  class_name: oneOf('__keras_tensor__'),
  config: object({
    keras_history: { type: 'array', items: [string, index, index], minItems: 3 } as Schema<readonly [string, number, number]>,
    shape: optional(nullable(shape)),
    dtype: optional(nullable(string)),
  }),
});

/** The head of a Keras 2 tensor: layer, call, and which of the tensors. Keyword arguments may follow. */
export const tensorTriple = { type: 'array', items: [string, index, index], minItems: 3 } as Schema<readonly [string, number, number]>;

export const functionalConfig = object({
  name: optional(nullable(string)),
  trainable: optional(nullable(boolean)),
  layers: array(anything, { minItems: 1 }),
  input_layers: either(array(anything), record(anything)),
  output_layers: either(array(anything), record(anything)),
});

export const sequentialConfig = object({
  name: optional(nullable(string)),
  trainable: optional(nullable(boolean)),
  layers: array(anything, { minItems: 1 }),
  build_input_shape: optional(anything),
});

/** A model as `to_json` writes it. */
export const modelEnvelope = object({
  class_name: string,
  config: either(record(anything), array(anything)) as Schema<Readonly<Record<string, unknown>> | readonly unknown[]>,
  module: optional(nullable(string)),
  registered_name: optional(nullable(string)),
  keras_version: optional(nullable(string)),
  backend: optional(nullable(string)),
  build_config: optional(nullable(record(anything))),
});
export type ModelEnvelope = Static<typeof modelEnvelope>;

const keras2Node = either(array(anything), record(anything));
const keras3Node = object({ args: array(anything), kwargs: record(anything) });

/** A model envelope with its layers, as a document for people: reading checks the same parts one by one, to name the layer at fault. */
const topology = (node: Schema<unknown>) => {
  const layer = { ...layerEnvelope, properties: { ...(layerEnvelope['properties'] as object), inbound_nodes: nullable(array(node)) } };
  const layers = array(layer as Schema<unknown>, { minItems: 1 });
  const within = (config: Schema<unknown>) => ({ ...config, properties: { ...(config['properties'] as object), layers } });
  return {
    ...modelEnvelope,
    properties: {
      ...(modelEnvelope['properties'] as object),
      config: either(within(functionalConfig), within(sequentialConfig), layers),
    },
  } as Schema<ModelEnvelope>;
};

/** JSON Schema of a Keras 2 topology. */
export const keras2Topology = topology(keras2Node);
/** JSON Schema of a Keras 3 topology. */
export const keras3Topology = topology(keras3Node);
