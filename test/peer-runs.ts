import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import { type Analysis, analyseModel } from '../src/analyse.ts';
import { compile } from '../src/compile.ts';
import type { StoredWeight } from '../src/emit/safetensors.ts';
import { tfjsDType } from '../src/ops/elementwise/cast.ts';
import { readModel } from '../src/read/read.ts';
import { resolveVariables, type Variable } from '../src/runtime/resolve.ts';
import type { Selection } from '../src/select/selection.ts';
import { type NoPeer, openPeer, type Peer } from '../src/tfjs-layers/peer.ts';
import { type StoredArray, tensorsOf, valuesOf } from './golden.ts';

/** A model in tfjs-layers, and what skipc read for it. */
export interface Opened {
  readonly analysis: Analysis;
  readonly peer: Peer | NoPeer;
  readonly weights: readonly StoredWeight[];
}

/** @param stored the model's weights; without them, each has values that follow from its name and shape */
export async function opened(model: object, stored: readonly StoredArray[] | null, selection: Partial<Selection> = {}): Promise<Opened> {
  const analysis = analyseModel(await readModel(model), selection);
  const variables = analysis.lowered.weights;
  const wanted = variables.map(
    ({ layer, variable, position, type }): Variable => [
      `${layer}/${variable}`,
      position,
      type.shape.map(Number),
      tfjsDType(type.dtype) as Variable[3],
    ],
  );
  const given = stored ?? wanted.map(([name, , shape, dtype]): StoredArray => ({ name, shape, dtype }));
  const places = resolveVariables(wanted, given);
  const weights = wanted.map(([name], i): StoredWeight => {
    const array = given[places[i] as number] as StoredArray;
    const { buffer, byteOffset, byteLength } = valuesOf(array);
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return { name, shape: array.shape, dtype: array.dtype, stored: { dtype: array.dtype }, bytes };
  });
  return { analysis, peer: await openPeer(analysis.selected, variables, weights), weights };
}

/** What the compiled module computes, with values by name for its weights. */
export async function compiledRun(model: object, inputs: NamedTensorMap): Promise<NamedTensorMap> {
  const compiled = await compile(model);
  const module = await compiled.instantiate();
  const variables = tensorsOf(
    compiled.analysis.lowered.weights.map(({ layer, variable, type }) => ({
      name: `${layer}/${variable}`,
      shape: type.shape.map(Number),
      dtype: tfjsDType(type.dtype) as StoredArray['dtype'],
    })),
  );
  const weights = await module.load(variables);
  const outputs = module.predict(weights, inputs) as NamedTensorMap;
  module.dispose(weights);
  for (const tensor of Object.values(variables)) tensor.dispose();
  return outputs;
}

/** A layer of a model that a test writes: its class, its config, and the layers that it is called with. */
export type Written = readonly [name: string, className: string, config: object, ...from: string[]];

/** A functional model of Keras 2 or 3, with an input `x` of this shape, whose output is the last layer. */
export function modelOf(shape: readonly (number | null)[], layers: readonly Written[], keras: 2 | 3 = 2, version?: string): object {
  const input = {
    class_name: 'InputLayer',
    name: 'x',
    config: { name: 'x', batch_input_shape: [null, ...shape], dtype: 'float32' },
    inbound_nodes: [],
  };
  const written = layers.map(([name, className, config, ...from]) => ({
    class_name: className,
    name,
    config: { name, ...config },
    inbound_nodes: [from.map((source) => [source.split(':')[0], 0, Number(source.split(':')[1] ?? 0), {}])],
  }));
  return {
    class_name: 'Functional',
    keras_version: version ?? (keras === 3 ? '3.15.1' : '2.15.0'),
    config: {
      name: 'written',
      layers: [input, ...written],
      input_layers: [['x', 0, 0]],
      output_layers: [[layers.at(-1)?.[0], 0, 0]],
    },
  };
}
