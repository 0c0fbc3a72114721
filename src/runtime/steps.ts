import { engine, getBackend, type Tensor } from '@tensorflow/tfjs-core';

/** To copy more elements than these costs more than to split a tensor first. */
const MOST_COPIED = 2 ** 18;
const PARTS = 4;

/** The slices of a tensor along its second axis, as `unstack` of tfjs, in time that does not grow with the square of their number. */
export function stepsOf(x: Tensor): Tensor[] {
  const [batch = 0, count = 0, ...shape] = x.shape;
  if (count === 0) return [];
  if (getBackend() !== 'wasm') return unpack(x);
  if (shape.length === 1) return rowsOf(x);
  // The wasm backend slices tensors of five axes element by element, and those of three row by row; a new shape costs nothing there.
  const rows = relabel(x, [batch, count, shape.reduce((size, length) => size * length, 1)]);
  const flat = rowsOf(rows);
  const steps = flat.map((step) => relabel(step, [batch, ...shape]));
  for (const tensor of [rows, ...flat]) tensor.dispose();
  return steps;
}

/** For each slice the wasm backend copies all of the tensor: many slices are taken from parts. */
function rowsOf(x: Tensor): Tensor[] {
  const count = x.shape[1] ?? 0;
  if (count <= PARTS || count * x.size <= MOST_COPIED) return unpack(x);
  const longest = Math.ceil(count / PARTS);
  const sizes = Array.from({ length: Math.ceil(count / longest) }, (_, i) => Math.min(longest, count - i * longest));
  const parts = splitInto(x, sizes, 1);
  const rows = parts.flatMap(rowsOf);
  for (const part of parts) part.dispose();
  return rows;
}

const FEW_PIXELS = 256;

/**
 * Equal parts along the last axis. The wasm backend copies those of each pixel by themselves: there the parts of many pixels are brought
 * together first, in one turn.
 */
export function splitChannels<T extends Tensor>(x: T, count: number): T[] {
  const outer = x.shape.slice(0, -1);
  const channels = x.shape[outer.length] ?? 0;
  const pixels = outer.reduce((product, length) => product * length, 1);
  if (getBackend() !== 'wasm' || pixels < FEW_PIXELS) return splitInto(x, count, outer.length);
  const grouped = relabel(x, [pixels, count, channels / count]);
  const turned: Tensor = engine().runKernel('Transpose', { x: grouped }, { perm: [1, 0, 2] });
  const parts = splitInto(turned, count, 0);
  const shaped = parts.map((part) => relabel(part, [...outer, channels / count]) as T);
  for (const tensor of [grouped, turned, ...parts]) tensor.dispose();
  return shaped;
}

/**
 * `where` of tfjs for tensors of one shape: the kernel alone, without clones of what it takes.
 * @throws Error where the shapes differ, which the kernel would not notice
 */
export function select<T extends Tensor>(condition: Tensor, a: T, b: T): T {
  for (const { shape } of [condition, b]) {
    const fits = shape.length === a.shape.length && shape.every((size, i) => size === a.shape[i]);
    if (!fits) throw new Error(`where takes tensors of one shape, not [${condition.shape}], [${a.shape}] and [${b.shape}]`);
  }
  return engine().runKernel('Select', { condition, t: a, e: b }) as T;
}

const unpack = (value: Tensor): Tensor[] => engine().runKernel('Unpack', { value }, { axis: 1 });

const relabel = (x: Tensor, shape: number[]): Tensor => engine().runKernel('Reshape', { x }, { shape });

const splitInto = <T extends Tensor>(x: T, numOrSizeSplits: number | number[], axis: number): T[] =>
  engine().runKernel('SplitV', { x }, { numOrSizeSplits, axis });
