import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type Compiled, compile } from '../../src/compile.ts';
import { compare, MODEL } from './compare.ts';
import { runModule, type Values } from './run-module.ts';
import { type Case, Difference, type Suite, type Writer } from './suite.ts';
import { manifest, modelName, topologyOf } from './wild.ts';

interface Meta {
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[]; readonly int: boolean }[];
  readonly outputs: readonly { readonly shape: readonly number[] }[];
}

/** The models of `wild` with their weights as published: what they give equals what Keras or tfjs-layers gave. */
export const weights: Suite = {
  name: 'weights',
  needs: 'golden/',
  cases(corpus) {
    const topologies = new Map(manifest(new URL('wild/', corpus)).map(({ file }) => [modelName(file), file]));
    return readdirSync(new URL('golden/', corpus)).map((name) => {
      const model = name.replace(/^keras_/, '');
      // A model may itself be called keras_something.
      const own = existsSync(new URL(`weights/${name}`, corpus)) ? name : model;
      return caseOf(corpus, name, own, topologies.get(own));
    });
  },
};

function caseOf(corpus: URL, golden: string, model: string, topology: string | undefined): Case {
  const wild = topology === undefined ? null : new URL(`wild/${topology}`, corpus);
  const run = async (writer: Writer | null): Promise<void> => {
    const folder = new URL(`golden/${golden}/`, corpus);
    const meta = JSON.parse(readFileSync(new URL('meta.json', folder), 'utf8')) as Meta;
    const compiled = await compileFolder(new URL(`weights/${model}/`, corpus), wild, meta, writer);
    const inputs = meta.inputs.map(({ shape, int }, i) => ({ ...read(folder, `in${i}.bin`, shape), ...(int ? { dtype: 'int32' } : {}) }));
    const outputs = await runModule(compiled, null, inputs);
    if (outputs.length !== meta.outputs.length) throw new Difference(`${outputs.length} outputs instead of ${meta.outputs.length}`);
    meta.outputs.forEach(({ shape }, i) => {
      compare(`output ${i}`, outputs[i] as Values, read(folder, `out${i}.bin`, shape), MODEL);
    });
  };
  return {
    name: golden,
    get topology() {
      return wild === null ? null : topologyOf(wild);
    },
    run: () => run(null),
    runAs: run,
  };
}

/** A whole model's file, or a file of weights alone beside the topology; under another writer's name the topology beside it. */
async function compileFolder(folder: URL, topology: URL | null, { inputs }: Meta, writer: Writer | null): Promise<Compiled> {
  const files = readdirSync(folder).filter((file) => !file.includes('inputs_and_outputs'));
  const archive = files.find((file) => /\.(keras|h5|hdf5)$/.test(file));
  if (files.includes('model.json')) {
    const file = new URL('model.json', folder);
    const resized = withInputShape(topologyOf(file), inputs[0]?.shape ?? []);
    return resized === null ? compile(file) : compile(resized, { weightsFrom: file });
  }
  if (archive === undefined) throw new Error(`no model in ${folder.pathname}`);
  const file = new URL(archive, folder);
  if (writer !== null && topology !== null) return compile({ ...(topologyOf(topology) as object), ...writer }, { weightsFrom: file });
  const weightsAlone = !archive.endsWith('.keras') && topology !== null && !hasModelConfig(file);
  return weightsAlone ? compile(topology, { weightsFrom: file }) : compile(file);
}

/** The model with its only input resized, as some of the volumes are too large to keep a golden of; null where its size is right. */
function withInputShape(json: unknown, shape: readonly number[]): object | null {
  const { modelTopology } = structuredClone(json) as { modelTopology: { model_config: { config: { layers?: readonly LayerJson[] } } } };
  const inputs = modelTopology.model_config?.config.layers?.filter((layer) => layer.class_name === 'InputLayer') ?? [];
  const config = inputs[0]?.config;
  const stated = config?.batch_input_shape;
  const differs = stated?.length === shape.length && stated.some((size, i) => i > 0 && size !== null && size !== shape[i]);
  if (config === undefined || inputs.length > 1 || !differs) return null;
  config.batch_input_shape = [null, ...shape.slice(1)];
  return modelTopology;
}

interface LayerJson {
  readonly class_name: string;
  readonly config: { batch_input_shape?: readonly (number | null)[] };
}

/** True where an HDF5 file holds the attribute of a whole model. */
const hasModelConfig = (file: URL): boolean => readFileSync(file).includes('model_config');

function read(folder: URL, file: string, shape: readonly number[]): Values {
  const bytes = new Uint8Array(readFileSync(new URL(file, folder)));
  return { shape, values: new Float32Array(bytes.buffer) };
}
