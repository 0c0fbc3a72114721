import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Tensor } from '@tensorflow/tfjs-core';
import { inputOf, type Peer, type Setting, type Values } from './peer.ts';

/** What is used of onnxruntime-node, which is no dependency: who wants to compare with it installs it. */
interface OnnxRuntime {
  readonly Tensor: new (type: string, data: object, dims: readonly number[]) => OnnxTensor;
  readonly InferenceSession: { create(path: string): Promise<Session> };
}
interface OnnxTensor {
  readonly type: string;
  readonly data: Values[number];
}
interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata?: readonly { readonly name: string; readonly type?: string }[];
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}

const PACKAGE = 'onnxruntime-node';
const require = createRequire(import.meta.url);

function isInstalled(): boolean {
  try {
    require.resolve(PACKAGE);
    return true;
  } catch {
    return false;
  }
}

const fileOf = ({ others, model }: Setting): URL | null =>
  others === undefined ? null : new URL(`${encodeURIComponent(model.name)}.onnx`, others);

/** Beside tfjs-node alone: it runs on the processor, in threads of its own. */
export const onnxRuntime: Peer = {
  name: 'onnxruntime',
  doc: 'onnxruntime-node, of NAME.onnx in the folder given by `--models`',
  isPresent(setting) {
    const file = fileOf(setting);
    return setting.backend === 'tensorflow' && !setting.question.suffix && file !== null && existsSync(file) && isInstalled();
  },
  async prepare(setting) {
    const runtime = require(PACKAGE) as OnnxRuntime;
    const { pathname } = fileOf(setting) as URL;
    return {
      async load() {
        const session = await runtime.InferenceSession.create(decodeURIComponent(pathname));
        const { inputs } = setting.model;
        return {
          bind(given) {
            const feeds = Object.fromEntries(
              session.inputNames.map((name, i) => {
                // Converters keep the names of inputs, or at least their order.
                const known = inputs.some((input) => input.name === name) ? name : (inputs[i]?.name ?? name);
                const wanted = session.inputMetadata?.find((input) => input.name === name)?.type;
                return [name, onnxTensor(runtime, inputOf(given, known), wanted)];
              }),
            );
            const outputs = outputsOf(session, setting);
            return {
              async run() {
                const results = await session.run(feeds);
                return outputs.map((name) => (results[name] as OnnxTensor).data);
              },
              dispose: () => undefined,
            };
          },
          dispose: () => void session.release(),
        };
      },
    };
  },
};

function onnxTensor({ Tensor: OnnxTensorClass }: OnnxRuntime, tensor: Tensor, wanted: string | undefined): OnnxTensor {
  const data = tensor.dataSync();
  if (wanted === 'int64') return new OnnxTensorClass('int64', BigInt64Array.from(data as Int32Array, BigInt), tensor.shape);
  return new OnnxTensorClass(tensor.dtype, data, tensor.shape);
}

/** The outputs that are asked for where the file has them by these names, else all in its order. */
function outputsOf({ outputNames }: Session, { question: { outputs } }: Setting): readonly string[] {
  return outputs.length > 0 && outputs.every((name) => outputNames.includes(name)) ? outputs : outputNames;
}
