import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { loadTfjsNode } from '../../backends.ts';
import { CannotRun, inputOf, type Peer, readOut, type Setting } from './peer.ts';

/** What is used of tfjs-node. */
interface TfjsNode {
  readonly node: { loadSavedModel(path: string): Promise<SavedModel> };
}
interface SavedModel {
  readonly inputs: readonly { readonly name: string }[];
  predict(inputs: NamedTensorMap): Tensor | Tensor[] | NamedTensorMap;
  dispose(): void;
}

const folderOf = ({ others, model }: Setting): URL | null =>
  others === undefined ? null : new URL(`${encodeURIComponent(model.name)}/`, others);

export const savedModel: Peer = {
  name: 'SavedModel',
  doc: 'tfjs-node, of NAME/saved_model.pb in the folder given by `--models`',
  isPresent(setting) {
    const folder = folderOf(setting);
    return setting.backend === 'tensorflow' && !setting.question.suffix && folder !== null && existsSync(new URL('saved_model.pb', folder));
  },
  async prepare(setting) {
    const found = loadTfjsNode();
    if ('absent' in found) throw new CannotRun(found.absent);
    const { node } = found.module as TfjsNode;
    const folder = fileURLToPath(folderOf(setting) as URL);
    return {
      async load() {
        const model = await node.loadSavedModel(folder);
        const { inputs } = setting.model;
        return {
          bind(given) {
            const fed = Object.fromEntries(
              model.inputs.map(({ name }, i) => {
                const known = inputs.some((input) => input.name === name) ? name : (inputs[i]?.name ?? name);
                return [name, inputOf(given, known)];
              }),
            );
            return { run: () => readOut(picked(model.predict(fed), setting)), dispose: () => undefined };
          },
          dispose: () => model.dispose(),
        };
      },
    };
  },
};

/** The outputs that are asked for where the model has them by these names, else all; the others are disposed of. */
function picked(result: Tensor | Tensor[] | NamedTensorMap, { question: { outputs } }: Setting): Tensor[] {
  if (Array.isArray(result)) return result;
  if ('dataId' in result) return [result as Tensor];
  const all = result as NamedTensorMap;
  const isNamed = outputs.length > 0 && outputs.every((name) => name in all);
  const wanted = isNamed ? outputs.map((name) => inputOf(all, name)) : Object.values(all);
  for (const tensor of Object.values(all)) if (!wanted.includes(tensor)) tensor.dispose();
  return wanted;
}
