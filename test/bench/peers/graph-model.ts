import { loadGraphModel } from '@tensorflow/tfjs-converter';
import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { convert, feed } from '../graph/convert.ts';
import { fixedValues } from '../straight/line.ts';
import { CannotRun, type Peer, readOut } from './peer.ts';
import { featuresOf, foldedByHand, inputsByName } from './straight.ts';

/** A graph's own Const nodes hold what the load stage computes: converting does that once, and loading reads it. */
export const graphModel: Peer = {
  name: 'GraphModel',
  doc: "tfjs-converter's `loadGraphModel` and `execute`, of a graph with folded batch norms and fused nodes as tensorflowjs_converter makes it",
  async prepare(setting) {
    const { analysis } = await foldedByHand(setting);
    const { program, model } = analysis;
    const { suffix } = setting.question;
    if (suffix && program.features === null) throw new CannotRun('nothing was hoisted');
    if (model.weights === null) throw new CannotRun('the model has no weights');
    const fixed = await fixedValues(program, model.weights);
    const ops = program.ops.filter(({ stage }) => stage === 'suffix' || (stage === 'prefix' && !suffix));
    const given = suffix ? (program.features ?? []).map(({ value }) => value) : program.inputs.map(({ name }) => name);
    const converted = (batch: number) => convert(program, ops, given, fixed, batch);
    const first = converted(1);
    return {
      async load() {
        // Sizes of batches are constants of the graph: other batches have a graph of their own.
        const graphs = new Map([[1, await loaded(first)]]);
        return {
          async bind(inputs) {
            const batch = Object.values(inputs)[0]?.shape[0] ?? 1;
            const graph = graphs.get(batch) ?? (await loaded(converted(batch)));
            graphs.set(batch, graph);
            const own = inputsByName(program, inputs);
            const handed: NamedTensorMap = suffix ? featuresOf(program, fixed, own, batch) : own;
            const fed = feed(graph.placeholders, handed);
            const outputs = [...graph.outputs];
            return {
              run: () => readOut([graph.model.execute(fed, outputs)].flat()),
              dispose: () => (suffix ? tf.dispose(handed) : undefined),
            };
          },
          dispose() {
            for (const { model } of graphs.values()) model.dispose();
            tf.dispose([...fixed.values()]);
          },
        };
      },
    };
  },
};

const loaded = async (graph: ReturnType<typeof convert>) => ({ ...graph, model: await loadGraphModel(tf.io.fromMemory(graph.artifacts)) });
