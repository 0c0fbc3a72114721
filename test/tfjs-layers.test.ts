import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { analyseModel } from '../src/analyse.ts';
import { readModel } from '../src/read/read.ts';
import { isPeer, openPeer, type Peer, PeerFailure } from '../src/tfjs-layers/peer.ts';
import { useBackend } from './backends.ts';
import { tensorOf } from './golden.ts';
import { compiledRun, modelOf, opened } from './peer-runs.ts';

await useBackend('cpu');
afterAll(() => expect(tf.memory().numTensors, 'tensors left in the end').toBe(0));

async function peerOf(model: object): Promise<Peer> {
  const { peer } = await opened(model, null);
  if (!isPeer(peer)) throw new Error(peer.reason);
  return peer;
}

async function reasonOf(model: object): Promise<string> {
  const { peer } = await opened(model, null);
  if (isPeer(peer)) throw new Error('tfjs-layers has it');
  return peer.reason;
}

const input = (...shape: readonly number[]): tf.Tensor => tensorOf({ name: 'input/x', shape, dtype: 'float32' });

describe('a model in tfjs-layers', () => {
  it('tells of every call, in the order in which they run, and leaves nothing behind', async () => {
    const model = modelOf(
      [4],
      [
        ['a', 'Dense', { units: 3 }, 'x'],
        ['b', 'ReLU', {}, 'a'],
        ['c', 'Add', {}, 'a', 'b'],
        ['d', 'Dense', { units: 2 }, 'c'],
      ],
    );
    const peer = await peerOf(model);
    expect(peer.version).toMatch(/^4\./);
    expect(peer.leftOut).toEqual([]);
    const x = input(5, 4);
    const wanted = await compiledRun(model, { x });
    const before = tf.memory().numTensors;
    const seen: string[] = [];
    const timed: string[] = [];
    const found = peer.run(
      { x },
      {
        seen: (call, outputs, mask) => {
          expect(mask).toBe(null);
          seen.push(`${call} ${outputs.map(({ shape }) => shape.join('x'))}`);
        },
        around: (call, run) => {
          timed.push(call);
          return run();
        },
      },
    );
    expect(tf.memory().numTensors - before).toBe(1);
    expect(seen).toEqual(['a@0 5x3', 'b@0 5x3', 'c@0 5x3', 'd@0 5x2']);
    expect(timed).toEqual(['a@0', 'b@0', 'c@0', 'd@0']);
    expect(tf.tidy(() => tf.max(tf.abs(tf.sub(found['d'] as tf.Tensor, wanted['d'] as tf.Tensor))).dataSync()[0])).toBeLessThan(1e-5);
    tf.dispose([found, wanted, x]);
    peer.dispose();
  });

  it('tells the calls of a shared layer apart, whatever order they run in', async () => {
    const [first, second] = [[['m', 0, 0, {}]], [['x', 0, 0, {}]]];
    const model = modelOf(
      [3],
      [
        ['m', 'Dense', { units: 3 }, 'x'],
        ['shared', 'Dense', { units: 3 }, 'x'],
        ['sum', 'Add', {}, 'shared', 'shared'],
      ],
    ) as {
      config: { layers: { inbound_nodes: unknown }[] };
    };
    (model.config.layers[2] as { inbound_nodes: unknown }).inbound_nodes = [first, second];
    (model.config.layers[3] as { inbound_nodes: unknown }).inbound_nodes = [
      [
        ['shared', 0, 0, {}],
        ['shared', 1, 0, {}],
      ],
    ];
    const peer = await peerOf(model);
    const x = input(2, 3);
    const values = new Map<string, Float32Array>();
    const found = peer.run({ x }, { seen: (call, [output]) => void values.set(call, output?.dataSync() as Float32Array) });
    const direct = await peerOf(
      modelOf(
        [3],
        [
          ['m', 'Dense', { units: 3 }, 'x'],
          ['shared', 'Dense', { units: 3 }, 'm'],
        ],
      ),
    );
    const alone = direct.run({ x });
    expect(values.get('shared@0')).toEqual(alone['shared']?.dataSync());
    expect(values.get('shared@1')).not.toEqual(values.get('shared@0'));
    peer.dispose();
    direct.dispose();
    tf.dispose([x, found, alone]);
  });

  it('tells the masks that calls hand on', async () => {
    const peer = await peerOf(
      modelOf(
        [5],
        [
          ['e', 'Embedding', { input_dim: 3, output_dim: 2, mask_zero: true }, 'x'],
          ['d', 'Dense', { units: 2 }, 'e'],
        ],
      ),
    );
    const x = tf.tensor2d([[1, 2, 0, 0, 1]], [1, 5], 'int32');
    const masks: (readonly number[] | null)[] = [];
    const found = peer.run({ x }, { seen: (_, __, mask) => void masks.push(mask === null ? null : [...mask.dataSync()]) });
    expect(masks).toEqual([
      [1, 1, 0, 0, 1],
      [1, 1, 0, 0, 1],
    ]);
    peer.dispose();
    tf.dispose([x, found]);
  });

  it('takes what is an output and an input at once, and one tensor as two outputs', async () => {
    const model = modelOf([3], [['a', 'Dense', { units: 3 }, 'x']]) as { config: { output_layers: unknown } };
    model.config.output_layers = [
      ['a', 0, 0],
      ['x', 0, 0],
      ['a', 0, 0],
    ];
    const peer = await peerOf(model);
    const x = input(2, 3);
    const before = tf.memory().numTensors;
    const found = peer.run({ x });
    expect(Object.keys(found)).toEqual(['a', 'x', 'a_1']);
    expect(tf.memory().numTensors - before).toBe(3);
    expect(found['x']?.dataSync()).toEqual(x.dataSync());
    expect(found['a']?.dataSync()).toEqual(found['a_1']?.dataSync());
    peer.dispose();
    tf.dispose([x, found]);
  });

  it('reads quantised weights as the numbers that they stand for', async () => {
    const model = modelOf([2], [['d', 'Dense', { units: 1, use_bias: false }, 'x']]);
    const analysis = analyseModel(await readModel(model));
    const stored = { dtype: 'uint8', scale: 0.5, min: -1 } as const;
    const weight = { name: 'd/kernel', shape: [2, 1], dtype: 'float32', stored, bytes: Uint8Array.of(2, 6) } as const;
    const peer = await openPeer(analysis.selected, analysis.lowered.weights, [weight]);
    if (!isPeer(peer)) throw new Error(peer.reason);
    const x = tf.tensor2d([[3, 10]]);
    const found = peer.run({ x });
    expect([...(found['d'] as tf.Tensor).dataSync()]).toEqual([20]);
    peer.dispose();
    tf.dispose([x, found]);
  });

  it('takes any names', async () => {
    const names = ['constructor', '__proto__', 'a b/\u00fc', 'a b/\u00e4', 'layer', 'x/../y', '$x`'];
    const model = modelOf(
      [3],
      names.map((name, i) => [name, 'Dense', { units: 3 }, i === 0 ? 'x' : (names[i - 1] as string)] as const),
    );
    const peer = await peerOf(model);
    const x = input(2, 3);
    const seen: string[] = [];
    const found = peer.run({ x }, { seen: (call) => void seen.push(call) });
    expect(seen).toEqual(names.map((name) => `${name}@0`));
    peer.dispose();
    tf.dispose([x, found]);
  });

  it('says which call it could not run', async () => {
    const peer = await peerOf(modelOf([6, 2], [['c', 'Conv1D', { filters: 2, kernel_size: 2, padding: 'causal' }, 'x']]));
    const x = input(2, 6, 2);
    expect(() => peer.run({ x })).toThrow(PeerFailure);
    expect(() => peer.run({ x })).toThrow(/"c@0".*CAUSAL/);
    expect(() => peer.run({})).toThrow(/input "x" is missing/);
    peer.dispose();
    x.dispose();
  });

  it('lets through what is thrown by whoever watches', async () => {
    const peer = await peerOf(
      modelOf(
        [3],
        [
          ['d', 'Dense', { units: 2 }, 'x'],
          ['r', 'ReLU', {}, 'd'],
        ],
      ),
    );
    const x = input(2, 3);
    const stop = new Error('enough');
    const throws = (): never => {
      throw stop;
    };
    expect(() => peer.run({ x }, { seen: throws })).toThrow(stop);
    expect(() => peer.run({ x }, { around: throws })).toThrow(stop);
    tf.dispose(peer.run({ x }));
    peer.dispose();
    x.dispose();
  });
});

describe('the reason why there is none', () => {
  it.each([
    ['a class that it lacks', modelOf([3], [['a', 'UnitNormalization', {}, 'x']]), /^"a": tfjs-layers has no layer "UnitNormalization"/],
    [
      'an activation that it lacks',
      modelOf([3], [['a', 'Dense', { units: 2, activation: 'exponential' }, 'x']]),
      /^"a": .*no activation "exponential"/,
    ],
    ['a config that it refuses', modelOf([3], [['a', 'ELU', { alpha: 0.5 }, 'x']]), /cannot make "a": .*alpha/],
    ['weights of another shape', modelOf([6, 4], [['a', 'Conv1D', { filters: 4, kernel_size: 3, groups: 2 }, 'x']]), /weights of "a"/],
    [
      'a model in a wrapper',
      modelOf([3, 2], [['t', 'TimeDistributed', { layer: modelOf([2], [['d', 'Dense', { units: 2 }, 'x']]) }, 'x']]),
      /^"t": .*a model in a wrapper/,
    ],
  ])('names the layer: %s', async (_, model, reason) => {
    expect(await reasonOf(model)).toMatch(reason);
  });

  it('is a chain that is too long for a walk by recursion', async () => {
    const layers = Array.from({ length: 12_000 }, (_, i) => [`a${i}`, 'ReLU', {}, i === 0 ? 'x' : `a${i - 1}`] as const);
    expect(await reasonOf(modelOf([2], layers))).toMatch(/recursion/);
  });

  it('is none where a layer that it lacks is dead', async () => {
    const model = modelOf(
      [3],
      [
        ['u', 'UnitNormalization', {}, 'x'],
        ['a', 'Dense', { units: 2 }, 'x'],
      ],
    );
    const peer = await peerOf(model);
    peer.dispose();
  });
});
