import { fill, type Tensor } from '@tensorflow/tfjs-core';
import type { InputSpec } from './inputs.ts';

/**
 * What was checked, and for what was left out tensors of the value that stands for it: masks by which all counts, states that are
 * zero. Their sizes are those that the other tensors have for the same symbols. The tidy around the call disposes them.
 * @throws Error naming the tensor where nothing tells its size
 */
export function fillInputs<K extends string>(
  checked: Readonly<Record<K, Tensor>>,
  specs: Readonly<Record<K, InputSpec>>,
): Record<K, Tensor> {
  const names = Object.keys(specs) as K[];
  const sizes = new Map<string, number>();
  for (const name of names) {
    if (!Object.hasOwn(checked, name)) continue;
    for (const [axis, size] of specs[name][1].entries()) sizes.set(String(size), checked[name].shape[axis] ?? 0);
  }
  const sizeOf = (size: number | string, name: string): number => {
    const found = typeof size === 'number' ? size : sizes.get(size);
    if (found === undefined)
      throw new Error(`${JSON.stringify(name)} is left out, and nothing else tells its size ${JSON.stringify(size)}`);
    return found;
  };
  const filled = names.map((name): [K, Tensor] => {
    if (Object.hasOwn(checked, name)) return [name, checked[name]];
    const [dtype, shape, value] = specs[name];
    return [
      name,
      fill(
        shape.map((size) => sizeOf(size, name)),
        value ?? 0,
        dtype as 'bool',
      ),
    ];
  });
  return Object.fromEntries(filled) as Record<K, Tensor>;
}
