import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Compiled } from '../../../src/compile.ts';
import { compiledFor } from '../compiled.ts';
import { CannotRun, inputOf, type Peer, readOut } from './peer.ts';

export const skipc: Peer = {
  name: 'skipc',
  doc: 'the emitted module: `predict`, or `suffix` where features are cached',
  async prepare(setting) {
    const compiled = await compiledFor(setting);
    const instance = await compiled.instantiate();
    const keys = compiled.analysis.selected.outputs.map(({ key }) => key);
    const inOrder = (result: NamedTensorMap) => readOut(keys.map((key) => inputOf(result, key)));
    return {
      async load() {
        const w = await instance.load();
        return {
          bind(given) {
            const inputs = inputsOf(compiled, given);
            if (!setting.question.suffix) return { run: () => inOrder(instance.predict(w, inputs)), dispose: () => undefined };
            const { prefix, suffix } = instance;
            if (prefix === undefined || suffix === undefined) throw new CannotRun('nothing was hoisted');
            const features = prefix(w, inputs);
            return { run: () => inOrder(suffix(w, features)), dispose: () => tf.dispose(features) };
          },
          dispose: () => instance.dispose(w),
        };
      },
    };
  },
};

/** The inputs that the module asks for, under its keys. */
export function inputsOf({ summary }: Compiled, given: NamedTensorMap): NamedTensorMap {
  return Object.fromEntries(summary.inputs.map(({ key, name }) => [key, inputOf(given, name)]));
}
