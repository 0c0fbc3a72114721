import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Compiled, type CompileOptions, compile } from '../src/compile.ts';
import { parse } from '../src/ir/parse.ts';
import { print } from '../src/ir/print.ts';
import { availableBackends, useBackend } from './backends.ts';

interface Stored {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly values: readonly (number | null)[];
}

type StoredMap = Readonly<Record<string, Stored>>;

interface Run {
  readonly inputs: StoredMap;
  readonly tensors: StoredMap;
}

interface Case {
  readonly name: string;
  readonly model: object;
  readonly weights: StoredMap;
  readonly queries: readonly CompileOptions[];
  readonly runs: readonly Run[];
}

const FOLDER = new URL('fixtures/masked-graphs/', import.meta.url);
const cases = JSON.parse(readFileSync(new URL('cases.json', FOLDER), 'utf8')) as readonly Case[];

const tensorOf = ({ values, shape, dtype }: Stored): tf.Tensor => tf.tensor(values.map(Number), [...shape], dtype);
const tensorsOf = (stored: StoredMap): NamedTensorMap =>
  Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, tensorOf(value)]));

function expectClose(found: tf.Tensor | undefined, wanted: Stored, name: string): void {
  expect(found?.shape, name).toEqual(wanted.shape);
  const values = [...(found?.dataSync() ?? [])];
  for (const [i, value] of wanted.values.entries()) {
    // Null is not a number.
    const difference = value === null ? (Number.isNaN(values[i]) ? 0 : 1) : Math.abs((values[i] ?? Number.NaN) - value);
    expect(difference, `${name}, element ${i}: ${values[i]} instead of ${value}`).toBeLessThanOrEqual(1e-4 + 1e-3 * Math.abs(value ?? 0));
  }
}

/** Runs what was compiled on every run of a case: by `predict`, and where there is a cut by `prefix` and `suffix`. */
async function check(compiled: Compiled, { weights, runs }: Pick<Case, 'weights' | 'runs'>): Promise<void> {
  const module = await compiled.instantiate();
  const variables = tensorsOf(weights);
  const w = await (compiled.weights === null ? module.load(variables) : module.load());
  tf.dispose(variables);
  const { inputs, outputs } = compiled.summary;
  for (const run of runs) {
    const known: StoredMap = { ...run.inputs, ...run.tensors };
    const given = tensorsOf(Object.fromEntries(inputs.map(({ key, name }) => [key, (known[key] ?? known[name]) as Stored])));
    const before = tf.memory().numTensors;
    const result = module.predict(w, given);
    expect(tf.memory().numTensors - before, 'tensors left behind').toBe(outputs.length);
    const features = module.prefix?.(w, given);
    const again = features && module.suffix?.(w, features);
    for (const { key, name } of outputs) {
      const wanted = (run.tensors[key] ?? run.tensors[name]) as Stored;
      expectClose(result[key], wanted, key);
      if (again !== undefined) expectClose(again[key], wanted, `${key} of the features`);
    }
    tf.dispose([given, result, features ?? {}, again ?? {}]);
  }
  module.dispose(w);
}

/** The model as the first versions of Keras 3 wrote it: without the masks that its layers pass on. */
function withoutMasks(model: object): object {
  return JSON.parse(JSON.stringify(model), (key, value: unknown) => (key === 'mask' ? null : value)) as object;
}

const SAYS_MASKS = /"mask":\s*[[{]/;

const backends = await availableBackends();

describe.each(backends)('on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => expect(tf.memory().numTensors).toBe(0));

  for (const { name, model, queries, ...values } of cases) {
    for (const query of queries) {
      it(`${name} ${JSON.stringify(query)}`, async () => {
        const compiled = await compile(model, { hoist: 'none', ...query, checkPasses: true });
        expect(print(parse(compiled.ir))).toBe(compiled.ir);
        await check(compiled, values);
      });
    }
  }

  it('ops in a file that names no modules', async () => {
    const last = cases.at(-1) as Case;
    const file = fileURLToPath(new URL('ops.h5', FOLDER));
    await check(await compile(file, { hoist: 'none' }), last);
  });
});

describe('masks that the file does not say', () => {
  beforeAll(() => useBackend('wasm'));

  const named = (part: string): Case => cases.find(({ name }) => name.includes(part)) as Case;

  it.each(['keep masks', 'encoder to a decoder', 'three axes'])('%s', async (name) => {
    const { model, ...values } = named(name);
    expect(JSON.stringify(model)).toMatch(SAYS_MASKS);
    const stripped = withoutMasks(model);
    expect(JSON.stringify(stripped)).not.toMatch(SAYS_MASKS);
    await check(await compile(stripped, { hoist: 'none' }), values);
  });

  it('are not there where a layer that took one off is itself left out', async () => {
    // Without the attention, what is behind it sees the mask of the words: another result than the model's.
    const { model, weights, runs } = named('Attention that an output does not need');
    const outputs = ['attention'];
    const [whole, part] = [await compile(model, { outputs }), await compile(model, { outputs, skip: ['mha=#0'] })];
    await check(whole, { weights, runs });
    await expect(check(part, { weights, runs })).rejects.toThrow('instead of');
  });
});
