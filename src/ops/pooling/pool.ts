import { elements, type TensorType } from '../../ir/types.ts';
import { object, type Static } from '../../schema/build.ts';
import { code, type TfName, tf } from '../code.ts';
import { padding, sizes, windowed } from '../linear/window.ts';
import { at, mismatch, type OpRow, op, takes } from '../row.ts';

const attrs = (rank: number) => object({ window: sizes(rank), strides: sizes(rank), pad: padding });
type PoolAttrs = Static<ReturnType<typeof attrs>>;

/** A pooling op over `rank` spatial axes, channels last. */
function pool(name: TfName, kernel: string, rank: number, doc: string): OpRow<PoolAttrs> {
  return op({
    doc,
    attrs: attrs(rank),
    arity: 1,
    infer(operands, { window, strides, pad }) {
      takes(['f32'], name, operands);
      const { shape } = at(operands, 0);
      if (shape.length !== rank + 2) mismatch(`${name} takes rank ${rank + 2}`, operands);
      const spatial = window.map((size, i) => windowed(at(shape, i + 1), size, at(strides, i), pad, operands));
      return { dtype: 'f32', shape: [at(shape, 0), ...spatial, at(shape, rank + 1)] };
    },
    cost: (_: readonly TensorType[], results, { window }) => elements(at(results, 0).shape) * elements(window),
    kernels: [kernel],
    emit: ({ args, attrs: { window, strides, pad } }) => code`${tf(name)}(${at(args, 0)}, ${window}, ${strides}, ${pad})`,
  });
}

export const poolOps = {
  avgPool: pool('avgPool', 'AvgPool', 2, 'mean over a window of height and width; padding is not counted'),
  avgPool3d: pool('avgPool3d', 'AvgPool3D', 3, 'mean over a window of depth, height and width; padding is not counted'),
  maxPool: pool('maxPool', 'MaxPool', 2, 'maximum over a window of height and width'),
  maxPool3d: pool('maxPool3d', 'MaxPool3D', 3, 'maximum over a window of depth, height and width'),
} as const;
