import { argMax, type Tensor2D, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type Digits, PIXELS, SIDE } from './load.ts';

/** Digits `from` to `to` (exclusive) as f32[to - from,28,28,1]; the caller owns the tensor. */
export function imageTensor(digits: Digits, from: number, to: number): Tensor4D {
  return tensor4d(digits.images.subarray(from * PIXELS, to * PIXELS), [to - from, SIDE, SIDE, 1]);
}

/** The share of `digits`, in 0..1, whose label is the likeliest class of each head of the digit CNN. */
export function headAccuracies(model: LayersModel, digits: Digits): { main: number; aux: number } {
  const right = [0, 0];
  const step = 250;
  for (let from = 0; from < digits.count; from += step) {
    const to = Math.min(from + step, digits.count);
    tidy(() => {
      const heads = model.predict(imageTensor(digits, from, to)) as Tensor2D[];
      heads.forEach((head, k) => {
        argMax(head, 1)
          .dataSync()
          .forEach((label, i) => {
            if (label === digits.labels[from + i]) right[k] = (right[k] as number) + 1;
          });
      });
    });
  }
  const [main, aux] = right.map((count) => count / digits.count) as [number, number];
  return { main, aux };
}
