import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import { describe, expect, test } from 'vitest';
import { SkipcError } from '../src/diagnostics/error.ts';
import { type Compared, type DiffOptions, diff } from '../src/diff.ts';
import { fromJson, toJson } from '../src/ir/json.ts';
import { parse } from '../src/ir/parse.ts';
import { print } from '../src/ir/print.ts';
import type { TensorType } from '../src/ir/types.ts';
import { verify } from '../src/ir/verify.ts';
import { opRules } from '../src/ops/rules.ts';
import { readModel } from '../src/read/read.ts';
import { interfaceChanges, type Port } from '../src/report/diff/interface.ts';
import { codeSpan, diffMarkdown } from '../src/report/diff/markdown.ts';
import type { Diff } from '../src/report/diff/schema.ts';
import { changedSettings, settingsOf } from '../src/report/diff/settings.ts';
import { distance } from '../src/report/diff/values.ts';
import { layerCases, layerFamilies } from './golden.ts';
import { SmallModel, twoHeads } from './small-model.ts';

const modelOf = async (source: object, file = 'model'): Promise<Compared> => ({ file, model: await readModel(source) });
const compare = async (a: object, b: object, options?: DiffOptions, byOps?: boolean): Promise<Diff> =>
  diff(await modelOf(a, 'a'), await modelOf(b, 'b'), options, byOps);

/** A model with one Keras 3 layer of one input of four numbers. */
const oneLayer = (className: string, config: object): object =>
  new SmallModel().input('x', 4).layer(className, 'it', 'x', config).output('it').topology;

/** What is said of a model that differs, without what is the same in all. */
function told(found: Diff) {
  const { added, removed, changed, following, rewired, renamed, trainable, training } = found;
  return Object.fromEntries(
    Object.entries({ added, removed, changed, following, rewired, renamed, trainable, training }).filter(([, list]) => list.length > 0),
  );
}

describe('two forms of one model', () => {
  /** Where versions of Keras compute something else: their norms have another epsilon, and masks work in another way. */
  const OTHERWISE: ReadonlySet<string> = new Set(['dot/normalize', 'masking/then_dense', 'multi_head_attention/causal']);

  test('of Keras 2 and of Keras 3 are the same, as far as the two mean the same', async () => {
    const differing: string[] = [];
    for (const { id, keras2, keras3 } of layerFamilies().flatMap(layerCases)) {
      if (keras2 === null) continue;
      const found = await compare(keras2, keras3);
      if (found.same) continue;
      differing.push(id);
      expect(Object.keys(told(found)), id).toEqual(['changed']);
      expect(found.changed.map(({ isOtherwise }) => isOtherwise)).toEqual([true]);
      expect(found.notes).toContainEqual({ kind: 'writer', message: expect.stringContaining('written by Keras 2') });
    }
    expect(differing.filter((id) => !OTHERWISE.has(id))).toEqual([]);
  });

  test('where a name means another function in each, say so', async () => {
    const model = (version: string) => ({
      ...(oneLayer('Dense', { units: 3, activation: 'hard_sigmoid' }) as object),
      keras_version: version,
    });
    const found = await compare(model('2.15.0'), model('3.15.0'));
    expect(found.changed).toMatchObject([{ a: 'it', settings: [], isOtherwise: true }]);
  });
});

describe('settings', () => {
  test('of serialised objects are their classes and their configs, of a policy its dtype', () => {
    const { meaning, training } = settingsOf(
      {
        name: 'a',
        layer: {
          module: 'keras.layers',
          class_name: 'LSTM',
          config: { name: 'b', units: 4, kernel_initializer: 'zeros' },
          registered_name: null,
        },
        activation: { class_name: 'function', config: 'relu' },
        dtype: { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null },
        rate: 0.5,
        merge: { class_name: 'Add', config: {}, registered_name: 'ours>Add' },
        __proto__: {},
        ['constructor']: 1,
      },
      null,
    );
    expect(Object.fromEntries(meaning)).toEqual({
      layer: '"LSTM"',
      'layer.units': '4',
      activation: '"relu"',
      dtype: '"float32"',
      merge: '"ours>Add"',
      rate: '0.5',
      constructor: '1',
    });
    expect(Object.fromEntries(training)).toEqual({ 'layer.kernel_initializer': '"zeros"' });
  });

  test('that are written as a number and as a list are alike', () => {
    const changed = (a: unknown, b: unknown) =>
      changedSettings(new Map([['k', JSON.stringify(a)]]), new Map([['k', JSON.stringify(b)]])).map(({ before, after }) => [before, after]);
    expect(changed(2, [2, 2])).toEqual([]);
    expect(changed([3], 3)).toEqual([]);
    expect(changed([2, 2], [2, 1])).toEqual([['[2,2]', '[2,1]']]);
    expect(changed(2, [2, 1])).toEqual([['2', '[2,1]']]);
    expect(changed([10, 10], [10])).toEqual([['[10,10]', '[10]']]);
    expect(changed(null, 'relu')).toEqual([[null, '"relu"']]);
    expect(changedSettings(new Map([['k', 'null']]), new Map())).toEqual([]);
  });

  test.each<[string, object, object, object]>([
    [
      'units',
      oneLayer('Dense', { units: 3 }),
      oneLayer('Dense', { units: 5 }),
      { changed: [{ a: 'it', b: 'it', kind: 'Dense', settings: [{ key: 'units', before: 3, after: 5 }] }] },
    ],
    [
      'an activation that was not said',
      oneLayer('Dense', { units: 3 }),
      oneLayer('Dense', { units: 3, activation: 'relu' }),
      { changed: [{ settings: [{ key: 'activation', before: null, after: 'relu' }] }] },
    ],
    [
      'an initialiser',
      oneLayer('Dense', { units: 3, kernel_initializer: 'zeros' }),
      oneLayer('Dense', { units: 3, kernel_initializer: { class_name: 'Ones', config: {} } }),
      { training: [{ a: 'it', b: 'it', settings: [{ key: 'kernel_initializer', before: 'zeros', after: 'Ones' }] }] },
    ],
    [
      'a rate of dropout',
      oneLayer('Dropout', { rate: 0.1 }),
      oneLayer('Dropout', { rate: 0.2 }),
      { training: [{ settings: [{ key: 'rate' }] }] },
    ],
    [
      'what is trained',
      oneLayer('Dense', { units: 3 }),
      oneLayer('Dense', { units: 3, trainable: false }),
      { trainable: [{ a: 'it', b: 'it', before: true, after: false }] },
    ],
    [
      'of a layer that skipc does not know',
      oneLayer('Mystery', { depth: 3, kernel_initializer: 'zeros' }),
      oneLayer('Mystery', { depth: 4, kernel_initializer: 'ones' }),
      {
        changed: [{ kind: 'Mystery', settings: [{ key: 'depth', before: 3, after: 4 }] }],
        training: [{ settings: [{ key: 'kernel_initializer' }] }],
      },
    ],
  ])('differ: %s', async (_, a, b, expected) => {
    const found = told(await compare(a, b));
    expect(found).toMatchObject(expected);
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  });
});

describe('a model', () => {
  const small = (build: (model: SmallModel) => SmallModel) => build(new SmallModel().input('x', 4)).topology;
  const base = small((model) => model.dense('one', 'x', 6).dense('two', 'one', 3).output('two'));

  test('into which a layer was put, with its place', async () => {
    const found = await compare(
      base,
      small((m) => m.dense('one', 'x', 6).layer('ReLU', 'act', 'one').dense('two', 'act', 3).output('two')),
    );
    expect(told(found)).toEqual({
      added: [{ nodes: [{ name: 'act', kind: 'ReLU' }], after: ['one'], before: ['two'], outputs: [], replaces: null }],
    });
    expect(found.cost.after.nodes - found.cost.before.nodes).toBe(1);
  });

  test('whose layer was replaced', async () => {
    const act = (className: string) =>
      small((m) => m.dense('one', 'x', 6).layer(className, className, 'one').dense('two', className, 3).output('two'));
    const found = await compare(act('ReLU'), act('ELU'));
    expect(found.added).toMatchObject([{ nodes: [{ kind: 'ELU' }], replaces: 0 }]);
    expect(found.removed).toMatchObject([{ nodes: [{ kind: 'ReLU' }] }]);
  });

  test('whose output has another name', async () => {
    const found = await compare(
      base,
      small((m) => m.dense('one', 'x', 6).dense('other', 'one', 3).output('other')),
    );
    expect(found.renamed).toEqual([{ a: 'two', b: 'other' }]);
    expect(found.interface).toMatchObject({
      verdict: 'breaking',
      changes: [{ of: 'output', why: 'output renamed', before: { key: 'two' }, after: { key: 'other' } }],
    });
  });

  test('whose widths follow from one that changed', async () => {
    const wide = (size: number) => small((m) => m.dense('one', 'x', size).layer('ReLU', 'act', 'one').dense('two', 'act', 3).output('two'));
    const found = await compare(wide(6), wide(8));
    expect(found.changed.map(({ b }) => b)).toEqual(['one']);
    expect(found.following.map(({ b }) => b)).toEqual(['act', 'two']);
    expect(found.following[1]).toMatchObject({
      types: [],
      variables: [{ of: 'kernel', before: { shape: [6, 3] }, after: { shape: [8, 3] } }],
    });
  });

  test('that reads another tensor', async () => {
    const from = (source: string) =>
      small((m) => m.dense('one', 'x', 6).dense('side', 'x', 6).dense('two', source, 3).output('two', 'one', 'side'));
    const found = await compare(from('one'), from('side'));
    expect(told(found)).toEqual({ rewired: [{ a: 'two', b: 'two', role: '', before: 'one', after: 'side' }] });
  });

  /** Two inputs or heads of one type, of which only keys and names tell which is which. */
  const twoWays = (read: readonly [string, string], outputs: object, layer: object = {}) => {
    const history = (name: string) => ({
      class_name: '__keras_tensor__',
      config: { shape: [null, 4], dtype: 'float32', keras_history: [name, 0, 0] },
    });
    const input = (name: string) => ({
      class_name: 'InputLayer',
      name,
      config: { name, batch_shape: [null, 4], dtype: 'float32' },
      inbound_nodes: [],
    });
    const call = (class_name: string, name: string, args: unknown[], config = {}) => ({
      class_name,
      name,
      config: { name, ...config },
      inbound_nodes: [{ args, kwargs: {}, ...layer }],
    });
    return {
      class_name: 'Functional',
      keras_version: '3.15.1',
      config: {
        name: 'm',
        layers: [
          input('x'),
          input('y'),
          call('Subtract', 'difference', [read.map(history)]),
          ...['p', 'q'].map((name) => call('Dense', name, [history('difference')], { units: 4 })),
        ],
        input_layers: [
          ['x', 0, 0],
          ['y', 0, 0],
        ],
        output_layers: outputs,
      },
    };
  };
  const dict = (p: string, q: string) => ({ first: [p, 0, 0], second: [q, 0, 0] });

  test('whose inputs change places reads other tensors, as callers hand them in by name', async () => {
    const found = await compare(twoWays(['x', 'y'], dict('p', 'q')), twoWays(['y', 'x'], dict('p', 'q')));
    expect(told(found)).toMatchObject({
      rewired: [
        { a: 'difference', b: 'difference', before: 'x', after: 'y' },
        { a: 'difference', b: 'difference', before: 'y', after: 'x' },
      ],
    });
    expect(found).toMatchObject({ same: false, interface: { verdict: 'unchanged' } });
  });

  test('whose outputs of the same keys give other tensors', async () => {
    const found = await compare(twoWays(['x', 'y'], dict('p', 'q')), twoWays(['x', 'y'], dict('q', 'p')));
    expect(found.outputs).toEqual([
      { key: 'first', before: 'p', after: 'q' },
      { key: 'second', before: 'q', after: 'p' },
    ]);
    expect(told(found)).toEqual({});
    expect(found.same).toBe(false);
    expect(diffMarkdown(found)).toContain('output `first` gives `q` in place of `p`');
    const one = await compare(twoWays(['x', 'y'], dict('p', 'q')), twoWays(['x', 'y'], dict('p', 'p')));
    expect(one.outputs).toEqual([{ key: 'second', before: 'q', after: 'p' }]);
  });

  test('whose outputs stand in another order: callers by keys need no change', async () => {
    const ends = (...names: string[]) => names.map((name) => [name, 0, 0]);
    const found = await compare(twoWays(['x', 'y'], ends('p', 'q')), twoWays(['x', 'y'], ends('q', 'p')));
    expect(found).toMatchObject({
      same: false,
      outputs: [],
      interface: { verdict: 'compatible', changes: [], order: [{ of: 'output', before: ['p', 'q'], after: ['q', 'p'] }] },
    });
    expect(told(found)).toEqual({});
    expect(diffMarkdown(found)).toContain('outputs in another order: `p`, `q` -> `q`, `p`');
  });

  test('with a call that says it is training, says so', async () => {
    const found = await compare(twoWays(['x', 'y'], dict('p', 'q')), twoWays(['x', 'y'], dict('p', 'q'), { kwargs: { training: true } }));
    expect(found.training.map(({ b }) => b)).toEqual(['difference', 'p', 'q']);
    const none = await compare(twoWays(['x', 'y'], dict('p', 'q')), twoWays(['x', 'y'], dict('p', 'q'), { kwargs: { training: false } }));
    expect(none.same).toBe(true);
  });

  test('of which an input went: which layer read it', async () => {
    const { keras3 } = layerCases('lstm').find(({ id }) => id === 'lstm/initial_state') ?? {};
    const without = JSON.parse(JSON.stringify(keras3, (key, value) => (key === 'initial_state' ? undefined : value)));
    const found = await compare(keras3 as object, without);
    expect(found.changed).toEqual([]);
    expect(found.rewired).toMatchObject([
      { before: 'in1', after: null },
      { before: 'in2', after: null },
    ]);
  });

  test('of which an output is chosen differs in what that needs', async () => {
    const other = new SmallModel('two_heads')
      .input('image', 4)
      .dense('stem', 'image', 8, { activation: 'relu' })
      .dense('mixed0', 'stem', 6, { activation: 'relu' })
      .dense('aux_hidden', 'mixed0', 9, { activation: 'tanh' })
      .dense('aux', 'aux_hidden', 3)
      .dense('head', 'mixed0', 2)
      .output('aux', 'head').topology;
    const { topology } = twoHeads();
    expect((await compare(topology, other)).changed.map(({ b }) => b)).toEqual(['aux_hidden']);
    expect((await compare(topology, other, { outputs: ['head'] })).same).toBe(true);
    expect((await compare(topology, other, { outputs: ['aux'], inputs: ['aux_hidden'] })).interface.changes).toMatchObject([
      { of: 'input', why: 'another size' },
    ]);
  });

  test('whose head has more units: what these stand for, nobody can tell', async () => {
    const found = await compare(
      base,
      small((m) => m.dense('one', 'x', 6).dense('two', 'one', 5).output('two')),
    );
    expect(found.interface).toMatchObject({ verdict: 'breaking', changes: [{ of: 'output', why: 'another size' }] });
    expect(found.notes).toContainEqual({ kind: 'units', message: expect.stringContaining('"two" has another size') });
  });

  test('with a layer that skipc cannot compile is compared all the same', async () => {
    const odd = (depth: number) =>
      small((m) => m.dense('one', 'x', 6).layer('Mystery', 'odd', 'one', { depth }).dense('two', 'odd', 3).output('two'));
    const found = await compare(odd(1), odd(2));
    expect(found.changed.map(({ b }) => b)).toEqual(['odd']);
    expect(found.cost.after.uncounted).toBe(2);
    expect(found.notes).toContainEqual({ kind: 'uncounted', message: expect.stringContaining('2 layers') });
    expect((await compare(odd(1), odd(1))).same).toBe(true);
    expect((await compare(odd(1), odd(1))).interface.changes).toEqual([]);
    await expect(compare(odd(1), odd(2), {}, true)).rejects.toMatchObject({ code: 'layer-unknown' });
  });
});

test('what comes behind a layer that skipc cannot compile does not count as another for that', async () => {
  const chain = (className: string, size = 4) =>
    new SmallModel().input('x', size).layer(className, 'odd', 'x').dense('one', 'odd', 4).dense('two', 'one', 4).output('two').topology;
  const found = await compare(chain('ReLU'), chain('Mystery'));
  expect(found.added.map(({ nodes }) => nodes)).toEqual([[{ name: 'odd', kind: 'Mystery' }]]);
  expect(found.changed).toEqual([]);
  // Nor is its input's shape lost.
  expect((await compare(chain('Mystery'), chain('Mystery', 5))).interface).toMatchObject({
    verdict: 'breaking',
    changes: [{ of: 'input', why: 'another size' }],
  });
});

describe('a layer inside another', () => {
  const around = (inner: object) =>
    new SmallModel()
      .input('x', 4)
      .layer('SpectralNormalization', 'around', 'x', {
        layer: { class_name: 'Dense', config: { name: 'dense', units: 4, ...inner } },
        power_iterations: 1,
      })
      .output('around').topology;

  test('may have any name', async () => {
    expect((await compare(around({}), around({ name: 'dense_7' }))).same).toBe(true);
    const steps = (name: string) => ({
      class_name: 'Sequential',
      keras_version: '2.15.0',
      config: {
        name: 's',
        layers: [
          {
            class_name: 'TimeDistributed',
            config: { name: 't', batch_input_shape: [null, 3, 4], layer: { class_name: 'Dense', config: { name, units: 4 } } },
          },
        ],
      },
    });
    expect((await compare(steps('dense'), steps('dense_7'))).same).toBe(true);
  });

  test('goes without the number that Keras gave it', async () => {
    const { keras3 } = layerCases('bidirectional_lstm').find(({ id }) => id === 'bidirectional_lstm/masked') ?? {};
    const numbered = JSON.parse(
      JSON.stringify(keras3).replaceAll('"forward_r"', '"forward_r_3"').replaceAll('"backward_r"', '"backward_r_3"'),
    );
    expect((await compare(keras3 as object, numbered)).same).toBe(true);
    const byOps = await compare(keras3 as object, numbered, {}, true);
    expect(Object.keys(told(byOps))).toEqual(['renamed']);
    expect(byOps.renamed).toContainEqual({ a: 'b/forward_r/kernel', b: 'b/forward_r_3/kernel' });
  });

  test('that is frozen is told', async () => {
    const found = await compare(around({ trainable: true }), around({ trainable: false }));
    expect(found.training).toMatchObject([{ settings: [{ key: 'layer.trainable', before: true, after: false }] }]);
  });
});

describe('values', () => {
  test('of layers that skipc cannot compile, and of what is behind, are compared by the names in the files', async () => {
    const model = new SmallModel().input('x', 4).dense('one', 'x', 4).layer('Mystery', 'odd', 'one').dense('two', 'odd', 4).output('two');
    const artifacts = model.artifacts as { weightSpecs: readonly object[]; weightData: ArrayBuffer };
    const shared = {
      ...artifacts,
      weightSpecs: [...artifacts.weightSpecs, { name: 'small/odd/inner/scale:0', shape: [2], dtype: 'float32' }],
    };
    const values = [...new Float32Array(artifacts.weightData), 1, 2];
    const withValues = (by: (value: number, i: number) => number) => ({ ...shared, weightData: Float32Array.from(values, by).buffer });
    const [one, odd] = [20, values.length - 2];
    const same = withValues((value) => value);
    expect(await compare(same, same)).toMatchObject({ same: true, weights: { compared: true, variables: 5 } });
    const found = await compare(
      same,
      withValues((value, i) => (i === one || i === odd ? value + 3 : value)),
    );
    expect(found.weights.changed.map(({ b, norm }) => [b, Math.round(Number(norm))])).toEqual([
      ['two/kernel', 3],
      ['odd/scale', 3],
    ]);
  });

  const tuned = (by: (value: number, i: number) => number) => {
    const model = twoHeads().artifacts as { weightSpecs: readonly { name: string }[]; weightData: ArrayBuffer };
    return { ...model, weightData: Float32Array.from(new Float32Array(model.weightData), by).buffer };
  };

  test('that differ are told with how far they have gone, the farthest first', async () => {
    const first = 4 * 8;
    const found = await compare(
      twoHeads().artifacts,
      tuned((value, i) => (i < first ? value * 1.5 : i < first + 8 ? value + 0.01 : value)),
    );
    expect(found.weights).toMatchObject({ compared: true, variables: 10 });
    expect(found.weights.changed.map(({ b }) => b)).toEqual(['stem/kernel', 'stem/bias']);
    const [kernel, bias] = found.weights.changed;
    expect(kernel?.relative).toBeCloseTo(0.5, 6);
    expect(kernel?.shape).toEqual([4, 8]);
    expect(bias?.largest).toBeCloseTo(0.01, 6);
    expect(bias?.norm).toBeCloseTo(0.01 * Math.sqrt(8), 6);
    expect(found.interface.verdict).toBe('unchanged');
  });

  test('tell counterparts where layers are alike, whatever these are called', async () => {
    const chain = (names: readonly string[]) => {
      const model = names.reduce((m, name, i) => m.dense(name, names[i - 1] ?? 'x', 4), new SmallModel().input('x', 4));
      return model.output(names.at(-1) ?? '');
    };
    const [a, b] = [chain(['d1', 'd2', 'd3', 'd4']), chain(['d1', 'd2', 'd3', 'd4', 'd5'])];
    // The first layer is new: the values of the others are those of the four.
    const old = a.artifacts as { weightData: ArrayBuffer };
    const data = new Float32Array(old.weightData);
    const weightData = Float32Array.from([...data.subarray(0, 20).map((value) => value * 3), ...data]).buffer;
    const found = await compare(a.artifacts, { ...(b.artifacts as object), weightData });
    expect(found.added).toMatchObject([{ nodes: [{ name: 'd1' }], after: ['x'], before: ['d2'] }]);
    expect(found.weights.changed).toEqual([]);
    expect(found.renamed.map(({ a, b }) => `${a} ${b}`)).toEqual(['d1 d2', 'd2 d3', 'd3 d4', 'd4 d5']);
  });

  test('that are not at hand on one side count as no difference', async () => {
    const found = await compare(twoHeads().artifacts, twoHeads().topology);
    expect(found).toMatchObject({ same: true, weights: { compared: false, changed: [] } });
    expect(found.notes).toContainEqual({ kind: 'values', message: expect.stringContaining('b came without') });
  });

  test('that do not fit the model are not compared, and why is said', async () => {
    const wrong = { ...(twoHeads().artifacts as object), weightSpecs: [{ name: 'x', shape: [161], dtype: 'float32' }] };
    const found = await compare(twoHeads().artifacts, wrong);
    expect(found).toMatchObject({ same: true, weights: { compared: false } });
    expect(found.notes[0]?.message).toContain('stem/kernel');
  });

  test.each<[readonly number[], readonly number[], object]>([
    [[3, 4], [3, 4], { norm: 0, relative: 0, largest: 0 }],
    [[3, 4], [6, 8], { norm: 5, relative: 1, largest: 4 }],
    [[0, 0], [0, 2], { norm: 2, relative: null, largest: 2 }],
    [[Number.NaN, 1], [Number.NaN, 1], { norm: 0, largest: 0 }],
    [[1, 1], [Number.NaN, 2], { norm: Number.NaN, largest: Number.NaN }],
    [[Number.POSITIVE_INFINITY], [Number.POSITIVE_INFINITY], { norm: 0, largest: 0 }],
    [[], [], { norm: 0, relative: null, largest: 0 }],
  ])('%j and %j are so far from each other', (a, b, expected) => {
    expect(distance(a, b)).toMatchObject(expected);
  });
});

describe('an interface', () => {
  const f32 = (...shape: TensorType['shape']): TensorType => ({ dtype: 'f32', shape });
  const port = (type: TensorType | null, more: Partial<Port> = {}): Port => ({ key: 'k', type, isOptional: false, ...more });
  const judge = (of: 'inputs' | 'outputs' | 'features', a: readonly Port[], b: readonly Port[]): readonly string[] => {
    const none = { inputs: [], features: [], outputs: [] };
    return interfaceChanges({ ...none, [of]: a }, { ...none, [of]: b }, () => null).map(({ verdict, why }) => `${verdict}: ${why}`);
  };

  test.each<[string, 'inputs' | 'outputs' | 'features', readonly Port[], readonly Port[], readonly string[]]>([
    ['the same', 'outputs', [port(f32('?', 10))], [port(f32('?', 10))], []],
    ['a size of another name', 'inputs', [port(f32('?', '?a.1'))], [port(f32('?', '?b.1'))], []],
    ['more classes', 'outputs', [port(f32('?', 10))], [port(f32('?', 12))], ['breaking: another size']],
    ['a new output', 'outputs', [], [port(f32('?'))], ['compatible: new output']],
    ['an output that is gone', 'outputs', [port(f32('?'))], [], ['breaking: output removed']],
    ['a new input', 'inputs', [], [port(f32('?'))], ['breaking: new required input']],
    ['a new input that may be left out', 'inputs', [], [port(f32('?'), { isOptional: true })], ['compatible: new optional input']],
    ['an input that is gone', 'inputs', [port(f32('?'))], [], ['breaking: input removed']],
    ['an input that must be given', 'inputs', [port(f32('?'), { isOptional: true })], [port(f32('?'))], ['breaking: it must be given now']],
    [
      'an input that may be left out',
      'inputs',
      [port(f32('?'))],
      [port(f32('?'), { isOptional: true })],
      ['compatible: it may be left out now'],
    ],
    ['an input of any size', 'inputs', [port(f32('?', 8))], [port(f32('?', '?k.1'))], ['compatible: a fixed size is unknown now']],
    ['an input of a fixed size', 'inputs', [port(f32('?', '?k.1'))], [port(f32('?', 8))], ['breaking: an unknown size is fixed now']],
    ['an output of any size', 'outputs', [port(f32('?', 8))], [port(f32('?', '?k.1'))], ['breaking: a fixed size is unknown now']],
    ['an output of a fixed size', 'outputs', [port(f32('?', '?k.1'))], [port(f32('?', 8))], ['compatible: an unknown size is fixed now']],
    ['an output of another batch', 'outputs', [port(f32('?', 8))], [port(f32('?*4', 8))], ['breaking: another unknown size']],
    ['another rank', 'inputs', [port(f32('?', 8))], [port(f32('?'))], ['breaking: rank 2 -> 1']],
    [
      'integers where floats were taken',
      'inputs',
      [port(f32('?'))],
      [port({ dtype: 'i32', shape: ['?'] })],
      ['breaking: dtype f32 -> i32'],
    ],
    [
      'floats where integers were taken',
      'inputs',
      [port({ dtype: 'i32', shape: ['?'] })],
      [port(f32('?'))],
      ['compatible: dtype i32 -> f32'],
    ],
    ['another dtype', 'outputs', [port({ dtype: 'i32', shape: ['?'] })], [port(f32('?'))], ['breaking: dtype i32 -> f32']],
    [
      'one change that breaks among others',
      'inputs',
      [port(f32(8, '?k.1'))],
      [port(f32('?', 8))],
      ['breaking: an unknown size is fixed now'],
    ],
    ['a type that is not known', 'outputs', [port(null)], [port(f32('?'))], []],
    ['a cut where there was none', 'features', [], [port(f32('?'))], ['compatible: cut here now']],
    [
      'another cut',
      'features',
      [port(f32('?'), { key: 'old' })],
      [port(f32('?'))],
      ['breaking: feature removed', 'breaking: new required feature'],
    ],
  ])('%s', (_, of, a, b, expected) => {
    expect(judge(of, a, b)).toEqual(expected);
  });
});

describe('dumps', () => {
  const text = (shape = 3, activation = '') => `skipc-ir 1
program out of "m"

input  %x: f32[?,4]
weight @d/kernel: f32[4,${shape}] #0 sha256=0123456789abcdef

suffix
  %d: f32[?,${shape}] = matMul %x, @d/kernel${activation}  ; d

output d = %d
`;
  const dump = (source: string, file = 'dump'): Compared => ({ file, program: parse(source) });

  test('are compared op by op', async () => {
    const found = await diff(dump(text()), dump(text(3, ' {activation=relu}')));
    expect(found).toMatchObject({
      unit: 'op',
      changed: [{ a: 'd', kind: 'matMul', settings: [{ key: 'activation', before: null, after: 'relu' }] }],
    });
    expect((await diff(dump(text()), dump(text()))).same).toBe(true);
  });

  test('tell by their hashes that values differ, not how far', async () => {
    const found = await diff(dump(text()), dump(text().replace('0123', 'ffff')));
    expect(found.weights.changed).toEqual([{ a: 'd/kernel', b: 'd/kernel', shape: [4, 3], norm: null, relative: null, largest: null }]);
    expect((await diff(dump(text()), dump(text().replace(/ sha256=.*/, '')))).weights).toMatchObject({ compared: false, changed: [] });
  });

  test('keep the hashes of weights in both forms, and have no other', () => {
    const program = parse(text());
    expect(program.weights).toMatchObject([{ hash: '0123456789abcdef' }]);
    expect(parse(print(program))).toEqual(program);
    expect(fromJson(JSON.parse(JSON.stringify(toJson(program))))).toEqual(program);
    expect(verify(program, opRules)).toBeNull();
    for (const hash of ['', '0123', '0123456789ABCDEF', '0123456789abcdef0']) {
      const wrong = { ...program, weights: program.weights.map((weight) => ({ ...weight, hash })) };
      expect(verify(wrong, opRules)).toContain('@d/kernel');
      expect(() => fromJson(JSON.parse(JSON.stringify(toJson(wrong))))).toThrow(SkipcError);
      expect(() => parse(print(wrong))).toThrow(SkipcError);
    }
  });

  test('and models meet in the program of the same outputs', async () => {
    const model = new SmallModel('m')
      .input('x', 4)
      .layer('Dense', 'd', 'x', { units: 3, use_bias: false }, 3)
      .layer('ReLU', 'r', 'd', {}, 3)
      .output('d', 'r');
    expect((await diff(dump(text()), await modelOf(model.topology))).same).toBe(true);
    const found = await diff(dump(text(5)), await modelOf(model.topology));
    expect(found.changed.map(({ b }) => b)).toEqual(['d/kernel']);
  });
});

describe('the JSON form', () => {
  const check = new Ajv.default({ strict: false }).compile(JSON.parse(readFileSync('schemas/diff.schema.json', 'utf8')) as object);

  test.each<[string, object, object]>([
    ['the same', twoHeads().topology, twoHeads().topology],
    ['others', twoHeads().artifacts, twoHeads({ frozen: true }).artifacts],
    ['two that have nothing in common', oneLayer('Mystery', {}), oneLayer('Dropout', { rate: 1 })],
  ])('is what its schema says: %s', async (_, a, b) => {
    const found: unknown = JSON.parse(JSON.stringify(await compare(a, b)));
    check(found);
    expect(check.errors ?? []).toEqual([]);
  });
});

describe('Markdown', () => {
  /** Names that would do something, were they not code. */
  const NAMES = [
    '`',
    '``',
    '|',
    'a|b',
    '\\|',
    '</details>',
    '<img src=x onerror=alert(1)>',
    '[a](http://b)',
    '@all',
    '# h',
    '* x',
    '\n\n# h',
    '  ',
    '',
  ];

  test.each(NAMES)('shows a name as code: %j', (name) => {
    const span = codeSpan(name);
    const [fence = ''] = /^`+/.exec(span) ?? [];
    expect(span.endsWith(fence)).toBe(true);
    const inner = span.slice(fence.length, -fence.length);
    expect(inner).not.toMatch(new RegExp(`(?<!\`)${fence}(?!\`)`));
    expect(inner).not.toMatch(/\n|^$|^`|`$/);
    expect(inner.trim()).toBe(name.replaceAll('\n', ' ').trim());
  });

  test('of a model with such names holds nothing of them that is not code', async () => {
    for (const name of NAMES.filter((name) => name.trim() !== '')) {
      const model = (units: number) => new SmallModel(name).input('x', 4).dense(name, 'x', units).output(name).topology;
      const text = diffMarkdown(await compare(model(2), model(3)));
      const bare = text.replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, 'CODE').replace(/\\./g, '');
      for (const bad of ['<img', '</details>', '](http', '@all']) expect(bare, text).not.toContain(bad);
      for (const table of text.split('\n\n').filter((part) => part.startsWith('|'))) {
        const bars = table.split('\n').map((line) => line.match(/(?<!\\)\|/g)?.length);
        expect(new Set(bars.filter((count) => count !== undefined)).size, table).toBe(1);
      }
    }
  });

  test('folds long lists, and is nothing where nothing differs', async () => {
    const chain = (prefix: string) => {
      const names = Array.from({ length: 15 }, (_, i) => `${prefix}${i}`);
      return names.reduce((m, name, i) => m.dense(name, names[i - 1] ?? 'x', 4), new SmallModel().input('x', 4)).output(names.at(-1) ?? '')
        .topology;
    };
    const text = diffMarkdown(await compare(chain('a'), chain('b')));
    expect(text).toContain('<details><summary>15 layers renamed</summary>');
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
    expect(diffMarkdown(await compare(chain('a'), chain('a')))).toBe('');
  });
});
