import { describe, expect, test } from 'vitest';
import { SkipcError } from '../src/diagnostics/error.ts';
import type { ModelGraph } from '../src/model/graph.ts';
import { graphOf } from '../src/read/read.ts';

type Json = Record<string, unknown>;

const input = (name: string, shape: readonly (number | null)[] = [null, 4], dtype = 'float32'): Json => ({
  class_name: 'InputLayer',
  name,
  config: { name, batch_input_shape: shape, dtype },
  inbound_nodes: [],
});
const layer = (name: string, nodes: unknown, className = 'Dense', config: Json = {}): Json => ({
  class_name: className,
  name,
  config: { name, ...config },
  inbound_nodes: nodes,
});
const functional = (layers: readonly Json[], inputs: unknown, outputs: unknown, config: Json = {}): Json => ({
  class_name: 'Functional',
  config: { name: 'm', layers, input_layers: inputs, output_layers: outputs, ...config },
});
const nested = (name: string, nodes: unknown, model: Json): Json => ({
  ...model,
  name,
  config: { ...(model['config'] as Json), name },
  inbound_nodes: nodes,
});
const tensor3 = (name: string, call = 0, index = 0, shape: unknown = [null, 4]): Json => ({
  class_name: '__keras_tensor__',
  config: { shape, dtype: 'float32', keras_history: [name, call, index] },
});
const x = ['x', 0, 0];

const ids = (graph: ModelGraph): readonly string[] => graph.calls.map((call) => call.id);
const call = (graph: ModelGraph, id: string) => graph.calls.find((candidate) => candidate.id === id);
function refusal(json: unknown): SkipcError {
  try {
    graphOf(json, 'model.json');
  } catch (error) {
    if (error instanceof SkipcError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('envelopes', () => {
  const model = functional([input('x'), layer('y', [[['x', 0, 0, {}]]])], [x], [['y', 0, 0]]);

  test.each([
    ['to_json', model],
    ['to_json as a string', JSON.stringify(model)],
    ['a string of a string', JSON.stringify(JSON.stringify(model))],
    ['model_config', { model_config: model }],
    ['modelTopology', { modelTopology: model }],
    ['modelTopology with model_config', { format: 'layers-model', modelTopology: { model_config: model, keras_version: '2.4.0' } }],
    ['modelTopology as a string', { modelTopology: JSON.stringify({ model_config: model }) }],
  ])('%s is read', (_, json) => {
    expect(ids(graphOf(json))).toEqual(['y@0']);
  });

  test.each([
    ['graph-model', { format: 'graph-model', modelTopology: { node: [] } }],
    ['graph-model', { modelTopology: { node: [], library: {} } }],
    ['graph-model', { modelTopology: new ArrayBuffer(8) }],
    ['not-a-model', {}],
    ['not-a-model', { layers: [] }],
    ['not-a-model', [1, 2]],
    ['not-a-model', 42],
    ['not-a-model', { class_name: 'Sequential', config: [10n] }],
    ['json-invalid', '{"class_name": "Sequential",}'],
    ['config-invalid', { class_name: 7, config: {} }],
    ['config-invalid', { class_name: 'Sequential', config: {} }],
    ['config-invalid', { class_name: 'Sequential', config: [] }],
    ['config-invalid', { class_name: 'Functional', config: { layers: [] } }],
    ['model-subclassed', { class_name: 'MyModel', config: { units: 3 } }],
    ['model-subclassed', { class_name: 'Dense', config: { units: 3 } }],
  ])('%s', (code, json) => {
    expect(refusal(json).code).toBe(code);
  });

  test('a fault names layer and pointer, what was found and what was expected', () => {
    const error = refusal({ modelTopology: functional([input('x'), { class_name: 'Dense', name: 'y', config: 5 }], [x], [['y', 0, 0]]) });
    expect(error.code).toBe('config-invalid');
    expect(error.location).toMatchObject({ file: 'model.json', layer: 'y', pointer: '/modelTopology/config/layers/1/config' });
    expect(error.message).toBe('found 5 where object or a list was expected');
  });

  test('JSON of 512 levels is read, deeper JSON and cyclic objects are refused without recursion', () => {
    // The value stands below the model, its config, the list of layers, the layer and its config.
    const deep = (levels: number): string => {
      const head =
        '{"class_name":"Sequential","config":{"layers":[{"class_name":"Dense","config":{"batch_input_shape":[null,4],"name":"d","deep":';
      return `${head}${'['.repeat(levels)}${']'.repeat(levels)}}}]}}`;
    };
    expect(ids(graphOf(JSON.parse(deep(507))))).toEqual(['d@0']);
    expect(refusal(JSON.parse(deep(508))).code).toBe('nesting-too-deep');
    expect(refusal(JSON.parse(deep(1_000_000))).code).toBe('nesting-too-deep');
    const cyclic: Json = { class_name: 'Sequential' };
    cyclic['config'] = cyclic;
    expect(refusal(cyclic).code).toBe('nesting-too-deep');
  });
});

describe('origin', () => {
  const keras2 = functional([input('x'), layer('y', [[['x', 0, 0, {}]]])], [x], [['y', 0, 0]]);
  const keras3 = functional(
    [
      { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_shape: [null, 4] }, inbound_nodes: [] },
      layer('y', [{ args: [tensor3('x')], kwargs: {} }]),
    ],
    ['x', 0, 0],
    ['y', 0, 0],
  );
  const sequential = (config: Json): Json => ({
    class_name: 'Sequential',
    module: 'keras',
    config: { layers: [layer('d', undefined, 'Dense', config)] },
  });

  test.each([
    [
      { ...keras2, keras_version: '2.15.0' },
      { keras: 2, writer: 'keras', version: '2.15.0' },
    ],
    [
      { ...keras3, keras_version: '3.15.1' },
      { keras: 3, writer: 'keras', version: '3.15.1' },
    ],
    [
      { ...keras2, keras_version: '1.0.5' },
      { keras: 1, writer: 'keras', version: '1.0.5' },
    ],
    [{ modelTopology: { model_config: keras2, keras_version: '2.2.4-tf' } }, { keras: 2, writer: 'keras', version: '2.2.4-tf' }],
    [
      { modelTopology: { ...keras2, keras_version: 'tfjs-layers 4.22.0' } },
      { keras: 2, writer: 'tfjs-layers', version: 'tfjs-layers 4.22.0' },
    ],
    [
      { modelTopology: keras2, generatedBy: 'TensorFlow.js tfjs-layers v1.1.2' },
      { keras: 2, writer: 'tfjs-layers', version: null },
    ],
    [keras2, { keras: 2, writer: 'keras', version: null }],
    [keras3, { keras: 3, writer: 'keras', version: null }],
    [
      { ...keras2, module: 'keras.src.engine.functional' },
      { keras: 2, writer: 'keras', version: null },
    ],
    [
      { ...keras3, module: 'keras.src.models.functional' },
      { keras: 3, writer: 'keras', version: null },
    ],
    [sequential({ batch_input_shape: [null, 4] }), { keras: 2, writer: 'keras', version: null }],
    [sequential({ batch_shape: [null, 4] }), { keras: 3, writer: 'keras', version: null }],
    [sequential({ batch_input_shape: [null, 4], output_dim: 3 }), { keras: 1, writer: 'keras', version: null }],
  ])('case %#', (json, origin) => {
    expect(graphOf(json).origin).toEqual(origin);
  });
});

describe('Sequential', () => {
  const dense = (name: string, config: Json = {}): Json => ({ class_name: 'Dense', config: { name, ...config } });

  test('a bare list and a named list, with the input that Keras names after the first layer', () => {
    const layers = [dense('a', { batch_input_shape: [null, 3] }), dense('b')];
    for (const config of [layers, { name: 's', layers }]) {
      const graph = graphOf({ class_name: 'Sequential', config });
      expect(graph.inputs).toEqual([{ key: 'a_input', tensor: 'a_input@0:0', shape: [null, 3], dtype: 'float32', name: 'a_input' }]);
      expect(graph.calls.map(({ id, args }) => [id, args])).toEqual([
        ['a@0', [{ tensor: 'a_input@0:0' }]],
        ['b@0', [{ tensor: 'a@0:0' }]],
      ]);
      expect(graph.outputs).toEqual([{ key: 'b', tensor: 'b@0:0' }]);
    }
  });

  test('an InputLayer, its shape as a tuple and its dtype', () => {
    const shape = { class_name: '__tuple__', items: [null, 7] };
    const graph = graphOf({ class_name: 'Sequential', config: { layers: [input('x', shape as never, 'int32'), dense('a')] } });
    expect(graph.inputs[0]).toMatchObject({ key: 'x', shape: [null, 7], dtype: 'int32' });
  });

  test('the shape comes from nested models, or from how the model was built', () => {
    const inner = { class_name: 'Sequential', config: [dense('a', { batch_input_shape: [null, 5] })] };
    expect(
      graphOf({ class_name: 'Sequential', config: [{ ...inner, config: { name: 'n', layers: inner.config } }] }).inputs[0],
    ).toMatchObject({
      key: 'n_input',
      shape: [null, 5],
    });
    expect(graphOf({ class_name: 'Sequential', config: [inner, dense('z')] }).inputs[0]).toMatchObject({ key: 'sequential_1_input' });
    const built = { class_name: 'Sequential', config: { layers: [dense('a')], build_input_shape: [32, 6] } };
    expect(graphOf(built).inputs[0]?.shape).toEqual([null, 6]);
    expect(graphOf({ class_name: 'Sequential', config: [dense('a')], build_config: { input_shape: [null, 8] } }).inputs[0]?.shape).toEqual([
      null,
      8,
    ]);
  });

  test('without any shape it is refused, unless it is nested: then it is given its input', () => {
    const shapeless = { class_name: 'Sequential', config: { layers: [dense('a')] } };
    const error = refusal(shapeless);
    expect([error.code, error.message]).toEqual(['input-shape-unknown', 'the file does not say the shape of the input "a_input"']);
    const graph = graphOf(functional([input('x'), nested('n', [[['x', 0, 0, {}]]], shapeless)], [x], [['n', 1, 0]]));
    expect(graph.calls.map(({ id, args }) => [id, args])).toEqual([['n/a@0', [{ tensor: 'x@0:0' }]]]);
  });

  test('wrappers are layers, and layers that only hold layers are not looked into', () => {
    const wrapper = { class_name: 'TimeDistributed', config: { name: 't', batch_input_shape: [null, 2, 3], layer: dense('inner') } };
    const graph = graphOf({
      class_name: 'Sequential',
      config: [wrapper, { class_name: 'MyBlock', config: { name: 'b', layers: [dense('c')] } }],
    });
    expect(ids(graph)).toEqual(['t@0', 'b@0']);
    expect(graph.calls[0]?.layer.config).toEqual(wrapper.config);
  });

  test('a nested model of two outputs cannot stand in it, nor a second InputLayer', () => {
    const two = nested('n', undefined, functional([input('x'), layer('y', [[['x', 0, 0, {}]]])], [x], [x, ['y', 0, 0]]));
    expect(refusal({ class_name: 'Sequential', config: [two] }).code).toBe('sequential-branches');
    expect(refusal({ class_name: 'Sequential', config: [dense('a', { batch_input_shape: [null, 3] }), input('i')] }).code).toBe(
      'config-invalid',
    );
  });
});

describe('classes', () => {
  const classOf = (module: string | null, registered: string | null): string | undefined => {
    const saved = { ...layer('y', [{ args: [tensor3('x'), 3], kwargs: {} }], 'Add'), module, registered_name: registered };
    return graphOf(functional([input('x'), saved], [x], [['y', 0, 0]])).calls[0]?.layer.className;
  };

  test.each([
    ['a layer', 'keras.layers', null, 'Add'],
    ['a layer of Keras 2', null, null, 'Add'],
    ["one of Keras's own modules", 'keras.src.layers.merging.add', 'Add', 'Add'],
    ['an op, as in x + 3', 'keras.src.ops.numpy', 'Add', 'ops.numpy.Add'],
    ['a layer of another module', '__main__', 'Add', '__main__.Add'],
    ['a layer of another package', 'mine.layers', 'mine>Add', 'mine>Add'],
    ['a layer of another package without its module', null, 'mine>Add', 'mine>Add'],
  ])('%s', (_, module, registered, className) => expect(classOf(module, registered)).toBe(className));
});

describe('nodes', () => {
  const graphWith = (nodes: unknown, extra: readonly Json[] = []): ModelGraph =>
    graphOf(functional([input('x'), input('z'), ...extra, layer('y', nodes)], [x, ['z', 0, 0]], [['y', 0, 0]]));
  const X = { tensor: 'x@0:0' };
  const Z = { tensor: 'z@0:0' };

  test.each([
    ['one tensor', [[['x', 0, 0, {}]]], [X], {}],
    ['one tensor of Keras 1', [[['x', 0, 0]]], [X], {}],
    [
      'several tensors are one list',
      [
        [
          ['x', 0, 0, {}],
          ['z', 0, 0, {}],
        ],
      ],
      [[X, Z]],
      {},
    ],
    ['keyword arguments', [[['x', 0, 0, { training: false, axes: [1, 2] }]]], [X], { training: false, axes: [1, 2] }],
    ['a flat tensor', [['x', 0, 0, { y: 0.5, name: null }]], [X], { y: 0.5, name: null }],
    ['no list of nodes', ['x', 0, 0, {}], [X], {}],
    ['a dict', [{ a: ['x', 0, 0, { k: 1 }], b: ['z', 0, 0, { k: 1 }] }], [{ a: X, b: Z }], { k: 1 }],
    [
      'a constant',
      [
        [
          ['_CONSTANT_VALUE', -1, 0.5, {}],
          ['x', 0, 0, {}],
        ],
      ],
      [[0.5, X]],
      {},
    ],
    ['a constant list', [['_CONSTANT_VALUE', -1, [3], { y: ['x', 0, 0] }]], [[3]], { y: X }],
    [
      'hidden tensors',
      [
        [
          [
            'x',
            0,
            0,
            {
              value: ['z', 0, 0],
              states: [
                ['x', 0, 0],
                ['z', 0, 0],
              ],
            },
          ],
        ],
      ],
      [X],
      { value: Z, states: [X, Z] },
    ],
    ['lists that are no tensors', [[['x', 0, 0, { value: ['other', 0, 0], mask: [null] }]]], [X], { value: ['other', 0, 0], mask: [null] }],
    ['Keras 3', [{ args: [tensor3('x'), 1], kwargs: { mask: null, states: [tensor3('z')] } }], [X, 1], { mask: null, states: [Z] }],
    ['Keras 3, nested', [{ args: [[tensor3('x'), [tensor3('z')]]], kwargs: {} }], [[X, [Z]]], {}],
    ['Keras 3, a tuple', [{ args: [{ class_name: '__tuple__', items: [tensor3('x')] }], kwargs: {} }], [[X]], {}],
  ])('%s', (_, nodes, args, kwargs) => {
    const y = call(graphWith(nodes), 'y@0');
    expect(y?.args).toEqual(args);
    expect(y?.kwargs).toEqual(kwargs);
  });

  test('slices of Keras 3 stay JSON, and stated shapes are kept', () => {
    const slice = { class_name: '__slice__', config: { start: 1, stop: null, step: null } };
    const graph = graphWith([{ args: [tensor3('x', 0, 0, [null, 4]), [slice]], kwargs: {} }]);
    expect(call(graph, 'y@0')?.args).toEqual([X, [slice]]);
    expect([...graph.statedShapes]).toEqual([['x@0:0', { shape: [null, 4], dtype: 'float32' }]]);
  });

  test.each([
    ['a number', [5]],
    ['a tensor without numbers', [[['x']]]],
    ['a negative index', [[['x', 0, -1]]]],
    ['a fraction', [[['x', 0, 0.5]]]],
    ['JSON that would pass for a tensor', [{ args: [{ tensor: 'x@0:0' }], kwargs: {} }]],
    ['a tensor without history', [{ args: [{ class_name: '__keras_tensor__', config: {} }], kwargs: {} }]],
  ])('%s is refused', (_, nodes) => {
    let error: unknown;
    try {
      graphWith(nodes);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'config-invalid', location: { layer: 'y' } });
  });

  test('a shared layer is one layer with several calls', () => {
    const graph = graphWith([{ args: [tensor3('s', 1)], kwargs: {} }], [layer('s', [[['x', 0, 0, {}]], [['z', 0, 0, {}]]])]);
    expect(ids(graph)).toEqual(['s@0', 's@1', 'y@0']);
    expect(graph.calls[0]?.layer).toBe(graph.calls[1]?.layer);
    expect(call(graph, 'y@0')?.args).toEqual([{ tensor: 's@1:0' }]);
  });
});

describe('inputs and outputs', () => {
  const layers = [input('x'), input('z'), layer('y', [[['x', 0, 0, {}]], [['z', 0, 0, {}]]])];
  const keys = (inputs: unknown, outputs: unknown) => {
    const graph = graphOf(functional(layers, inputs, outputs));
    return { inputs: graph.inputs.map(({ key }) => key), outputs: graph.outputs.map(({ key, tensor }) => [key, tensor]) };
  };

  test('triples, flat triples, dicts and nested lists', () => {
    expect(keys([['z', 0, 0], x], [['y', 1, 0]])).toEqual({ inputs: ['z', 'x'], outputs: [['y@1', 'y@1:0']] });
    expect(keys(['x', 0, 0], ['y', 0, 1])).toEqual({ inputs: ['x', 'z'], outputs: [['y:1', 'y@0:1']] });
    expect(keys({ b: x, a: ['z', 0, 0] }, { q: ['y', 1, 2], p: ['y', 0, 0] })).toEqual({
      inputs: ['a', 'b'],
      outputs: [
        ['p', 'y@0:0'],
        ['q', 'y@1:2'],
      ],
    });
    expect(keys([[x], [['z', 0, 0]]], [[['y', 1, 2]], x])).toEqual({
      inputs: ['x', 'z'],
      outputs: [
        ['y@1:2', 'y@1:2'],
        ['x', 'x@0:0'],
      ],
    });
  });

  test('keys are unique, as Keras makes them', () => {
    expect(
      keys(
        [x],
        [
          ['y', 0, 0],
          ['y', 0, 0],
          ['y', 0, 0],
        ],
      ).outputs.map(([key]) => key),
    ).toEqual(['y', 'y_1', 'y_2']);
  });

  test('an InputLayer that the model does not take is an input all the same', () => {
    expect(keys([x], [['y', 0, 0]]).inputs).toEqual(['x', 'z']);
  });

  test('an input must be an InputLayer that exists, and there must be an output', () => {
    expect(refusal(functional(layers, [['y', 0, 0]], [['y', 0, 0]])).message).toBe(
      'found "y" of class "Dense" where an InputLayer was expected',
    );
    expect(refusal(functional(layers, [['xx', 0, 0]], [['y', 0, 0]])).hint).toBe('did you mean "x"?');
    expect(refusal(functional(layers, [x], [])).code).toBe('config-invalid');
  });
});

describe('nested models', () => {
  const twoOutputs = functional(
    [input('i'), layer('a', [[['i', 0, 0, {}]]]), layer('b', [[['a', 0, 0, {}]]])],
    [['i', 0, 0]],
    [
      ['a', 0, 0],
      ['b', 0, 0],
    ],
  );

  test('are inlined under their path; Keras 2 counts their calls from 1, some files from 0', () => {
    for (const first of [0, 1]) {
      const graph = graphOf(
        functional(
          [input('x'), nested('n', [[['x', 0, 0, {}]]], twoOutputs), layer('y', [[['n', first, 1, {}]]])],
          [x],
          [
            ['y', 0, 0],
            ['n', first, 1],
          ],
        ),
      );
      expect(graph.calls.map(({ id, args }) => [id, args])).toEqual([
        ['n/a@0', [{ tensor: 'x@0:0' }]],
        ['n/b@0', [{ tensor: 'n/a@0:0' }]],
        ['y@0', [{ tensor: 'n/b@0:0' }]],
      ]);
      expect(graph.outputs[1]).toEqual({ key: 'n:1', tensor: 'n/b@0:0' });
      expect(Object.fromEntries(graph.aliases)).toEqual({
        n: ['n/a@0:0', 'n/b@0:0'],
        'n@0': ['n/a@0:0', 'n/b@0:0'],
        'n/i': ['x@0:0'],
        'n/i@0': ['x@0:0'],
      });
    }
  });

  test('Keras 3 counts calls from 0 in histories, and from 1 in the outputs of functional models', () => {
    const node = (name: string): Json => ({ args: [tensor3(name)], kwargs: { mask: null } });
    const layers = [
      input('x'),
      input('z'),
      nested('n', [node('x'), node('z')], twoOutputs),
      layer('y', [{ args: [tensor3('n', 1, 1)], kwargs: {} }]),
    ];
    const graph = graphOf(
      functional(
        layers,
        [x, ['z', 0, 0]],
        [
          ['y', 0, 0],
          ['n', 2, 0],
        ],
      ),
    );
    expect(call(graph, 'y@0')?.args).toEqual([{ tensor: 'n/b@1:0' }]);
    expect(graph.outputs[1]).toEqual({ key: 'n@1', tensor: 'n/a@1:0' });
    const sequential = { class_name: 'Sequential', config: { layers: [input('i'), { class_name: 'Dense', config: { name: 'a' } }] } };
    const second = graphOf(
      functional([input('x'), input('z'), nested('n', [node('x'), node('z')], sequential)], [x, ['z', 0, 0]], [['n', 1, 0]]),
    );
    expect(second.outputs).toEqual([{ key: 'n@1', tensor: 'n/a@1:0' }]);
  });

  test('called several times, their shared layers have as many calls, in call order', () => {
    const inner = functional([input('i'), layer('s', [[['i', 0, 0, {}]], [['s', 0, 0, {}]]])], [['i', 0, 0]], [['s', 1, 0]]);
    const graph = graphOf(functional([input('x'), nested('n', [[['x', 0, 0, {}]], [['n', 1, 0, {}]]], inner)], [x], [['n', 2, 0]]));
    expect(graph.calls.map(({ id, args }) => [id, args])).toEqual([
      ['n/s@0', [{ tensor: 'x@0:0' }]],
      ['n/s@1', [{ tensor: 'n/s@0:0' }]],
      ['n/s@2', [{ tensor: 'n/s@1:0' }]],
      ['n/s@3', [{ tensor: 'n/s@2:0' }]],
    ]);
    expect(graph.aliases.get('n@1')).toEqual(['n/s@3:0']);
    expect(graph.aliases.get('n/i@1')).toEqual(['n/s@1:0']);
  });

  test('trainable: a frozen model freezes what is in it', () => {
    const frozen = nested(
      'n',
      [[['x', 0, 0, {}]]],
      functional([input('i'), layer('a', [[['i', 0, 0, {}]]])], [['i', 0, 0]], [['a', 0, 0]], { trainable: false }),
    );
    const graph = graphOf(
      functional(
        [input('x'), frozen, layer('y', [[['n', 1, 0, {}]]]), layer('f', [[['y', 0, 0]]], 'Dense', { trainable: false })],
        [x],
        [['f', 0, 0]],
      ),
    );
    expect(graph.calls.map(({ layer: { path, trainable } }) => [path, trainable])).toEqual([
      ['n/a', false],
      ['y', true],
      ['f', false],
    ]);
  });

  test('inputs by name in a dict, and a wrong number of them', () => {
    const inner = functional(
      [
        input('p'),
        input('q'),
        layer('c', [
          [
            ['p', 0, 0, {}],
            ['q', 0, 0, {}],
          ],
        ]),
      ],
      [
        ['p', 0, 0],
        ['q', 0, 0],
      ],
      [['c', 0, 0]],
    );
    const outer = (nodes: unknown): Json =>
      functional([input('x'), input('z'), nested('n', nodes, inner)], [x, ['z', 0, 0]], [['n', 1, 0]]);
    const graph = graphOf(outer([{ args: [{ q: tensor3('x'), p: tensor3('z') }], kwargs: {} }]));
    expect(call(graph, 'n/c@0')?.args).toEqual([[{ tensor: 'z@0:0' }, { tensor: 'x@0:0' }]]);
    expect(refusal(outer([[['x', 0, 0, {}]]]))).toMatchObject({ code: 'layer-inputs', location: { layer: 'n' } });
  });

  test('training=true, and the mask of an input, reach the layers inside', () => {
    const outer = (kwargs: Json): Json =>
      functional([input('x'), nested('n', [{ args: [tensor3('x')], kwargs }], twoOutputs)], [x], [['n', 1, 0]]);
    expect(call(graphOf(outer({ training: true })), 'n/a@0')?.kwargs).toEqual({ training: true });
    expect(call(graphOf(outer({ training: false })), 'n/a@0')?.kwargs).toEqual({});
    expect(call(graphOf(outer({ mask: tensor3('x') })), 'n/a@0')?.entering).toEqual([{ model: 'n@0', tensor: 'x@0:0', mask: 'x@0:0' }]);
    expect(call(graphOf(outer({ mask: tensor3('x') })), 'n/b@0')).not.toHaveProperty('entering');
    expect(refusal(outer({ mask: [tensor3('x'), tensor3('x')] })).code).toBe('nested-mask');
  });

  test('a mask reaches through two models', () => {
    const middle = functional([input('m'), nested('n', [[['m', 0, 0, {}]]], twoOutputs)], [['m', 0, 0]], [['n', 1, 0]]);
    const outer = functional(
      [input('x'), nested('o', [{ args: [tensor3('x')], kwargs: { mask: [tensor3('x')] } }], middle)],
      [['x', 0, 0]],
      [['o', 1, 0]],
    );
    expect(call(graphOf(outer), 'o/n/a@0')?.entering).toEqual([{ model: 'o@0', tensor: 'x@0:0', mask: 'x@0:0' }]);
  });

  test('a subclass that was made from inputs and outputs is a functional model', () => {
    expect(ids(graphOf({ ...twoOutputs, class_name: 'CapsuleNet' }))).toEqual(['a@0', 'b@0']);
  });

  test('of two equal paths the second gets a mark', () => {
    const graph = graphOf(
      functional(
        [input('x'), layer('n/a', [[['x', 0, 0, {}]]]), nested('n', [[['x', 0, 0, {}]]], twoOutputs)],
        [x],
        [
          ['n/a', 0, 0],
          ['n', 1, 0],
        ],
      ),
    );
    expect(ids(graph)).toEqual(['n/a@0', 'n/a~2@0', 'n/b@0']);
    expect(graph.outputs.map(({ tensor }) => tensor)).toEqual(['n/a@0:0', 'n/a~2@0:0']);
  });

  test('nested identities in a circle, and models that call the next twice without end', () => {
    const identity = functional([input('i')], [['i', 0, 0]], [['i', 0, 0]]);
    const circle = functional(
      [input('x'), nested('p', [[['q', 1, 0, {}]]], identity), nested('q', [[['p', 1, 0, {}]]], identity)],
      [x],
      [['p', 1, 0]],
    );
    expect(refusal(circle).code).toBe('model-cyclic');
    let bomb = functional([input('i'), layer('a', [[['i', 0, 0, {}]]])], [['i', 0, 0]], [['a', 0, 0]]);
    for (let i = 0; i < 60; i++)
      bomb = functional([input('i'), nested('n', [[['i', 0, 0, {}]], [['n', 1, 0, {}]]], bomb)], [['i', 0, 0]], [['n', 2, 0]]);
    expect(refusal(bomb).code).toBe('model-too-large');
  });
});

describe('references and order', () => {
  test('a missing layer, call or output', () => {
    const refer = (...reference: unknown[]): SkipcError =>
      refusal(functional([input('x'), layer('dense_1', [[['x', 0, 0, {}]]]), layer('y', [[reference]])], [x], [['y', 0, 0]]));
    const missing = refer('dense_l', 0, 0);
    expect(missing).toMatchObject({
      code: 'layer-missing-reference',
      hint: 'did you mean "dense_1"?',
      location: { layer: 'y', pointer: '/config/layers/2/inbound_nodes/0' },
    });
    expect(missing.message).toBe('refers to layer "dense_l", which is not in the model "m"');
    expect(refer('dense_1', 1, 0).message).toBe('refers to call 1 of layer "dense_1", which is called once');
    expect(refer('x', 0, 1).message).toBe('refers to tensor 1 of the input "x"');
    expect(refer('nothing like it', 0, 0).hint).toBe('check the reference, or save the model again');
    const inner = functional([input('i')], [['i', 0, 0]], [['i', 0, 0]]);
    expect(refusal(functional([input('x'), nested('n', [[['x', 0, 0, {}]]], inner)], [x], [['n', 1, 3]])).message).toBe(
      'refers to tensor 3 of "n", which gives 1',
    );
  });

  test('layers of one name', () => {
    const error = refusal(functional([input('x'), layer('y', []), layer('y', [])], [x], [['y', 0, 0]]));
    expect(error).toMatchObject({ code: 'layer-duplicate', location: { layer: 'y', pointer: '/config/layers/2' } });
  });

  test('calls that can run stand in file order', () => {
    const graph = graphOf(
      functional(
        [
          layer('c', [[['b', 0, 0, {}]]]),
          layer('d', [[['x', 0, 0, {}]]]),
          layer('b', [[['x', 0, 0, {}]]]),
          input('x'),
          layer('a', [[['x', 0, 0, {}]]]),
        ],
        [x],
        [['c', 0, 0]],
      ),
    );
    expect(ids(graph)).toEqual(['d@0', 'b@0', 'c@0', 'a@0']);
  });

  test('a circle names its layers, at most eight', () => {
    const ring = (n: number): Json =>
      functional(
        [
          input('x'),
          ...Array.from({ length: n }, (_, i) => layer(`r${i}`, [[[`r${(i + n - 1) % n}`, 0, 0, {}]]])),
          layer('end', [[['r0', 0, 0, {}]]]),
        ],
        [x],
        [['end', 0, 0]],
      );
    expect(refusal(ring(3)).message).toBe('the layers feed each other in a circle: r1 -> r2 -> r0');
    expect(refusal(ring(20)).message.match(/r\d+/g)).toHaveLength(8);
    expect(refusal(ring(1)).code).toBe('model-cyclic');
  });

  test('hostile names', () => {
    const names = ['__proto__', 'constructor', 'toString', 'a\nb', '"quoted"', 'a/b@1:2', '_CONSTANT', 'n'.repeat(10_000)];
    const layers = names.map(
      (
        name,
        i,
      ) => `{"class_name":"Dense","name":${JSON.stringify(name)},"config":{"name":${JSON.stringify(name)},"__proto__":{"trainable":false}},
      "inbound_nodes":[[[${JSON.stringify(i === 0 ? 'hasOwnProperty' : names[i - 1])},0,0,{"__proto__":7,"constructor":null}]]]}`,
    );
    const text = `{"class_name":"Model","config":{"name":"__proto__","layers":[${JSON.stringify(input('hasOwnProperty'))},${layers.join(',')}],
      "input_layers":{"__proto__":["hasOwnProperty",0,0]},"output_layers":{"__proto__":[${JSON.stringify(names.at(-1))},0,0]}}}`;
    const graph = graphOf(JSON.parse(text));
    expect(ids(graph)).toEqual(names.map((name) => `${name}@0`));
    expect(graph.calls.every(({ layer: { trainable } }) => trainable)).toBe(true);
    expect(Object.entries(graph.calls[0]?.kwargs ?? {})).toEqual([
      ['__proto__', 7],
      ['constructor', null],
    ]);
    expect(graph.inputs[0]?.key).toBe('__proto__');
    expect(graph.outputs[0]?.key).toBe('__proto__');
  });

  test('chains of 100 000 layers, of plain layers and of nested models, back to front', () => {
    const n = 100_000;
    const chain = Array.from({ length: n }, (_, i) => layer(`d${i}`, [[[i === 0 ? 'x' : `d${i - 1}`, 0, 0, {}]]])).reverse();
    const graph = graphOf(functional([input('x'), ...chain], [x], [[`d${n - 1}`, 0, 0]]));
    expect([graph.calls.length, graph.calls[0]?.id, graph.calls.at(-1)?.id]).toEqual([n, 'd0@0', `d${n - 1}@0`]);
    const identity = functional([input('i')], [['i', 0, 0]], [['i', 0, 0]]);
    const models = Array.from({ length: n }, (_, i) => nested(`d${i}`, [[i === 0 ? x : [`d${i - 1}`, 1, 0]]], identity)).reverse();
    expect(graphOf(functional([input('x'), ...models], [x], [[`d${n - 1}`, 1, 0]])).outputs[0]?.tensor).toBe('x@0:0');
  });
});
