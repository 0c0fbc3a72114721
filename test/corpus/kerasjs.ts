import { readdirSync, readFileSync } from 'node:fs';
import { type Compiled, compile } from '../../src/compile.ts';
import { compare, LAYER } from './compare.ts';
import { runModule, type Values } from './run-module.ts';
import { Difference, type Suite } from './suite.ts';

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface KerasJsCase {
  readonly calls: number;
  readonly model: object;
  /** Each layer's variables in the order in which Keras lists them. */
  readonly weights: Readonly<Record<string, readonly Stored[]>>;
  readonly inputs: readonly (Stored & { readonly name: string })[];
  readonly expected: readonly Stored[];
}

/** Layers and small graphs of keras-js, with values that Keras gave when they were written. */
export const kerasjs: Suite = {
  name: 'kerasjs',
  needs: 'kerasjs/',
  cases(corpus) {
    const folder = new URL('kerasjs/', corpus);
    return readdirSync(folder).map((file) => {
      const load = (): KerasJsCase => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as KerasJsCase;
      return {
        name: file.replace(/\.json$/, ''),
        get topology() {
          return load().model;
        },
        run: () => run(load()),
      };
    });
  },
};

async function run({ calls, model, weights, inputs, expected }: KerasJsCase): Promise<void> {
  const compiled = await compile(model);
  // The stored tensors have no batch axis.
  const given = inputs.map(({ name, shape, data }) => ({ name, shape: [1, ...shape], values: data }));
  const outputs = await runModule(compiled, weightsByPlace(compiled, weights), given, calls);
  expected.forEach(({ shape, data }, i) => {
    const output = outputs[i];
    if (output === undefined) throw new Difference(`there is no output ${i}`);
    compare(`output ${i}`, output, { shape: [1, ...shape], values: data }, LAYER);
  });
}

/** The program's weights by name, each by its layer and its position there. */
function weightsByPlace({ analysis }: Compiled, stored: KerasJsCase['weights']): ReadonlyMap<string, Values> {
  const found = new Map<string, Values>();
  for (const { name, layer, position } of analysis.program.weights) {
    const own = stored[layer] ?? stored[layer.split('/').at(-1) ?? ''];
    const array = own?.[position];
    if (array === undefined) throw new Difference(`the case has no variable ${position} of ${layer}`);
    found.set(name.replace(/^@/, ''), { shape: array.shape, values: array.data });
  }
  return found;
}
