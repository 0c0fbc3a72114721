import { elements } from '../../ir/types.ts';
import { object, type Static } from '../../schema/build.ts';
import { code } from '../code.ts';
import { kernelFunction } from '../kernel.ts';
import { padding, sizes, windowed } from '../linear/window.ts';
import { at, mismatch, type OpRow, op } from '../row.ts';

const attrs = object({ window: sizes(2), strides: sizes(2), pad: padding });

const MOVEMENT = { filterSize: '[number, number]', strides: '[number, number]', pad: "'same' | 'valid'" };

function pool(name: 'avgPool' | 'maxPool', kernel: string, doc: string): OpRow<Static<typeof attrs>> {
  return op({
    doc,
    attrs,
    arity: 1,
    infer(operands, { window, strides, pad }) {
      const { dtype, shape } = at(operands, 0);
      if (shape.length !== 4 || dtype !== 'f32') mismatch(`${name} takes f32 of rank 4`, operands);
      const spatial = window.map((size, i) => windowed(at(shape, i + 1), size, at(strides, i), pad, operands));
      return { dtype, shape: [at(shape, 0), ...spatial, at(shape, 3)] };
    },
    cost: (_, results, { window }) => elements(at(results, 0).shape) * elements(window),
    kernels: [kernel],
    emit: ({ args, attrs: { window, strides, pad } }) =>
      code`${kernelFunction({ name, kernel, inputs: ['x'], attrs: MOVEMENT })}(${at(args, 0)}, ${window}, ${strides}, ${pad})`,
  });
}

/** Volumes are pooled as images, twice: tfjs's own kernels for them are wrong on some backends. */
export const poolOps = {
  avgPool: pool('avgPool', 'AvgPool', 'mean over a window of height and width; padding is not counted'),
  maxPool: pool('maxPool', 'MaxPool', 'maximum over a window of height and width'),
} as const;
