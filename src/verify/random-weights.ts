import type { Weight } from '../ir/program.ts';
import { elements } from '../ir/types.ts';
import { tfjsDType } from '../ops/elementwise/cast.ts';
import type { WeightEntry, WeightIndex } from '../read/weights/index.ts';
import { type Random, randomOf } from './random.ts';

/** Some random values of a variable, by its kind: neither may they vanish in a deep network nor grow without end. */
const KINDS: ReadonlyMap<string, (random: Random) => number> = new Map<string, (random: Random) => number>([
  ...['gamma', 'scale'].map((name) => [name, ({ uniform }: Random) => 0.6 + 0.4 * uniform()] as const),
  // Some are small, so that an epsilon beside them counts.
  ...['moving_variance', 'variance'].map((name) => [name, ({ uniform }: Random) => 0.1 * 40 ** uniform()] as const),
  ...['beta', 'bias', 'moving_mean', 'mean'].map((name) => [name, ({ uniform }: Random) => 0.2 * uniform() - 0.1] as const),
  ['embeddings', ({ uniform }) => 3 * uniform() - 1.5],
]);

/** Values of integer variables are below this: they count, or are seeds. */
const MOST = 8;

/** Weights for a model that comes without: the same for the same seed. */
export function randomWeights(variables: readonly Weight[], seed: number): WeightIndex {
  const entries = variables.map((variable): WeightEntry => {
    const { dtype, shape } = variable.type;
    const name = `${variable.layer}/${variable.variable}`;
    const sizes = shape.map(Number);
    const kind = tfjsDType(dtype) as WeightEntry['dtype'];
    const byteLength = elements(shape) * (kind === 'bool' ? 1 : 4);
    return { name, shape: sizes, dtype: kind, stored: { dtype: kind }, byteLength, read: async () => bytesOf(variable, name, seed) };
  });
  return { entries, totalBytes: entries.reduce((sum, { byteLength }) => sum + byteLength, 0) };
}

function bytesOf({ variable, type }: Weight, name: string, seed: number): Uint8Array {
  const count = elements(type.shape);
  const random = randomOf(seed, name);
  if (type.dtype === 'i32') return new Uint8Array(Int32Array.from({ length: count }, () => random.integer(MOST)).buffer);
  if (type.dtype === 'bool') return Uint8Array.from({ length: count }, () => random.integer(2));
  const kind = variable.slice(variable.lastIndexOf('/') + 1);
  const value = KINDS.get(kind) ?? kernel(kind, type.shape.map(Number));
  return new Uint8Array(Float32Array.from({ length: count }, () => value(random)).buffer);
}

/** As He and others initialise (https://arxiv.org/abs/1502.01852), a little smaller: variance 1.5 / fan_in. */
function kernel(kind: string, shape: readonly number[]): (random: Random) => number {
  if (shape.length < 2) return ({ uniform }) => uniform() - 0.5;
  const fanIn = shape.slice(0, kind === 'depthwise_kernel' ? -2 : -1).reduce((product, size) => product * size, 1);
  const most = Math.sqrt(4.5 / fanIn);
  return ({ uniform }) => most * (2 * uniform() - 1);
}
