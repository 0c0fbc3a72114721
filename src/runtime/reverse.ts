import { cast, notEqual, reverse, type Tensor } from '@tensorflow/tfjs-core';

/** `reverse` of tfjs for truth values, of which the wasm backend would move four bytes each. */
export function reverseTruth<T extends Tensor>(x: T, axes: number[]): T {
  const numbers = cast(x, 'int32');
  const reversed = reverse(numbers, axes);
  const truth = notEqual(reversed, 0) as T;
  numbers.dispose();
  reversed.dispose();
  return truth;
}
