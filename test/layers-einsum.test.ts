import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';

type Sizes = Readonly<Record<string, number>>;

const backends = await availableBackends();

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

/** A model of one Einsum of its inputs; letters in `open` have unknown sizes. */
function model(equation: string, operands: readonly string[], sizes: Sizes, open: ReadonlySet<string>, dtype = 'float32') {
  const names = operands.map((_, i) => `x${i}`);
  // What stands first and is unknown is the batch, the same in all inputs.
  const isOpen = (letter: string, i: number) => open.has(letter) && (i > 0 || letter === operands[0]?.[0]);
  const shape = (letters: string) => [...letters].map((letter, i) => (isOpen(letter, i) ? null : sizes[letter]));
  const tensor = (name: string) => ({ class_name: '__keras_tensor__', config: { keras_history: [name, 0, 0] } });
  return {
    class_name: 'Functional',
    keras_version: '3.15.0',
    config: {
      name: 'm',
      layers: [
        ...names.map((name, i) => ({
          class_name: 'InputLayer',
          name,
          config: { name, batch_shape: shape(operands[i] ?? ''), dtype },
          inbound_nodes: [],
        })),
        {
          module: 'keras.src.ops.numpy',
          class_name: 'Einsum',
          name: 'y',
          config: { name: 'y', subscripts: equation },
          inbound_nodes: [{ args: names.map(tensor), kwargs: {} }],
        },
      ],
      input_layers: names.map((name) => [name, 0, 0]),
      output_layers: [['y', 0, 0]],
    },
  };
}

interface Grid {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** What the equation says: for each element of the output, the sum over all other letters of the product of the operands. */
function reference(operands: readonly string[], output: string, sizes: Sizes, values: readonly (readonly number[])[]): Grid {
  const letters = [...new Set([...output, ...operands.join('')])];
  const shape = [...output].map((letter) => sizes[letter] as number);
  const result = new Array<number>(product(shape)).fill(0);
  const counts = letters.map((letter) => sizes[letter] as number);
  for (let n = 0; n < product(counts); n++) {
    const place = new Map<string, number>();
    let rest = n;
    for (let i = letters.length - 1; i >= 0; i--) {
      place.set(letters[i] as string, rest % (counts[i] as number));
      rest = Math.floor(rest / (counts[i] as number));
    }
    const at = (term: string) => [...term].reduce((index, letter) => index * (sizes[letter] as number) + (place.get(letter) as number), 0);
    const term = operands.reduce((total, letters, k) => total * (values[k]?.[at(letters)] as number), 1);
    result[at(output)] = (result[at(output)] as number) + term;
  }
  return { shape, values: result };
}

async function computed(source: object, inputs: readonly Grid[], dtype: 'float32' | 'int32'): Promise<Grid> {
  const module = await (await compile(source)).instantiate();
  const given = Object.fromEntries(inputs.map(({ shape, values }, i) => [`x${i}`, tf.tensor([...values], [...shape], dtype)]));
  const w = await module.load({});
  const { y } = module.predict(w, given) as { y: tf.Tensor };
  const found = { shape: y.shape, values: [...y.dataSync()] };
  expect(y.dtype).toBe(dtype);
  module.dispose(w);
  tf.dispose([...Object.values(given), y]);
  return found;
}

/** Runs an equation for sizes that letters have, and compares it with the reference. */
async function check(operands: readonly string[], output: string, sizes: Sizes, open: string, dtype: 'float32' | 'int32' = 'float32') {
  const inputs = operands.map((letters, k) => {
    const shape = [...letters].map((letter) => sizes[letter] as number);
    const value = (i: number) => (dtype === 'int32' ? ((i * 7 + k * 3) % 9) - 4 : Math.sin(i * 1.7 + k));
    return { shape, values: Array.from({ length: product(shape) }, (_, i) => value(i)) };
  });
  const wanted = reference(
    operands,
    output,
    sizes,
    inputs.map(({ values }) => values),
  );
  const found = await computed(model(`${operands.join(',')}->${output}`, operands, sizes, new Set(open), dtype), inputs, dtype);
  expect(found.shape).toEqual(wanted.shape);
  const off = wanted.values.findIndex((value, i) => Math.abs((found.values[i] as number) - value) > 1e-3);
  expect(off < 0 ? null : `${found.values[off]} instead of ${wanted.values[off]}`).toBeNull();
}

/** Two operands and an output that is any part of their letters in any order; no letter stands twice in a term. */
const equations = fc
  .record({
    left: fc.uniqueArray(fc.constantFrom(...'abcde'), { minLength: 1, maxLength: 4 }),
    right: fc.uniqueArray(fc.constantFrom(...'abcdef'), { minLength: 1, maxLength: 4 }),
    sizes: fc.tuple(...[...'abcdef'].map(() => fc.integer({ min: 1, max: 3 }))),
    open: fc.subarray([...'abcdef'], { maxLength: 2 }),
  })
  .chain((given) => {
    const letters = [...new Set([...given.left, ...given.right])];
    return fc
      .shuffledSubarray(letters, { maxLength: Math.min(letters.length, 5) })
      .map((output) => ({ ...given, output: output.join('') }));
  });

describe.each(backends)('einsum on %s', (backend) => {
  afterAll(() => expect(tf.memory().numTensors).toBe(0));

  const sizes = { a: 2, b: 3, c: 4, d: 2, e: 3, t: 5 };
  it.each([
    ['a projection to several heads', ['abc', 'cde'], 'abde', 'ab'],
    ['the scores of attention', ['aecd', 'abcd'], 'acbe', 'aeb'],
    ['the values by their scores', ['acbe', 'aecd'], 'abcd', 'abe'],
    ['the projection of several heads to one', ['abcd', 'cde'], 'abe', 'ab'],
    ['matrices of a batch', ['abc', 'acd'], 'abd', 'a'],
    ['an outer product', ['a', 'b'], 'ab', 'ab'],
    ['a sum over what one has alone', ['abc', 'ad'], 'ac', 'a'],
    ['rows and columns that are all unknown, in a batch', ['abce', 'ade'], 'abcd', 'abc'],
    ['three operands', ['ab', 'bc', 'cd'], 'ad', 'a'],
    ['one operand', ['abc'], 'ca', 'a'],
    ['a diagonal', ['abb'], 'ab', 'a'],
    ['two diagonals', ['aabb'], 'ba', ''],
  ])('computes %s', async (_, operands, output, open) => {
    await useBackend(backend);
    await check(operands, output, sizes, open);
  });

  it('multiplies integers exactly', async () => {
    await useBackend(backend);
    await check(['abc', 'acd'], 'abd', sizes, 'a', 'int32');
  });

  it('takes any equation of two tensors, whatever sizes are unknown', { timeout: 240_000 }, async () => {
    await useBackend(backend);
    const runs = fc.asyncProperty(equations, async ({ left, right, output, sizes, open }) => {
      const named = Object.fromEntries([...'abcdef'].map((letter, i) => [letter, sizes[i] as number]));
      await check([left.join(''), right.join('')], output, named, open.join(''));
    });
    await fc.assert(runs, { numRuns: 60 });
  });

  it('runs one program at several sizes', async () => {
    await useBackend(backend);
    for (const b of [1, 2, 5]) await check(['abc', 'cde'], 'abde', { ...sizes, a: 6 - b, b }, 'ab');
  });
});

describe('einsum', () => {
  const code = (equation: string, operands: readonly string[]): Promise<string> =>
    compile(model(equation, operands, { a: 2, b: 3, c: 4 }, new Set('a'))).then(
      () => 'compiled',
      ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
    );

  it.each([
    ['too few terms', 'ab->a', ['ab', 'bc'], /^shape-mismatch: the equation "ab->a"/],
    ['a term of another rank', 'abc->a', ['ab'], /^shape-mismatch: "abc" in the equation/],
    ['an output that no input has', 'ab->c', ['ab'], /^shape-mismatch: the output/],
    ['what is no letter', 'a1->a', ['ab'], /^shape-mismatch: this is no equation/],
    ['a diagonal of unknown size', 'aa->a', ['ab'], /^shape-mismatch: the diagonal/],
  ])('refuses %s', async (_, equation, operands, message) => {
    expect(await code(equation, operands)).toMatch(message);
  });

  it('leaves operands where they are, where a product takes them so', async () => {
    const { ir } = await compile(model('abc,acd->abd', ['abc', 'acd'], { a: 2, b: 3, c: 4, d: 5 }, new Set('a')));
    expect(ir).not.toMatch(/transpose|reshape/);
    const scores = await compile(model('abc,adc->abd', ['abc', 'adc'], { a: 2, b: 3, c: 4, d: 5 }, new Set('a')));
    expect(scores.ir).toMatch(/transposeB=true/);
    expect(scores.ir).not.toMatch(/ transpose |reshape/);
  });
});
