import { elements, isKnown, mayEqual } from '../../ir/types.ts';
import { array, integer, nullable, object } from '../../schema/build.ts';
import { type Code, code, tf } from '../code.ts';
import { at, mismatch, op, takes } from '../row.ts';
import { padding, sizes, windowed } from './window.ts';

/**
 * The gradient of conv2d with respect to its input. Where the input's size is unknown, the output's is `null` in `size`
 * and follows when the program runs: `same` gives n * stride, `valid` n * stride + max(kernel - stride, 0).
 */
export const conv2dTranspose = op({
  doc: 'transposed 2-D convolution, NHWC by HWOI, to a spatial size that a convolution would take back to the input',
  attrs: object({ size: array(nullable(integer({ minimum: 1 })), { minItems: 2, maxItems: 2 }), strides: sizes(2), pad: padding }),
  arity: 2,
  infer(operands, { size, strides, pad }) {
    takes(['f32'], 'a transposed convolution', operands);
    const [x, kernel] = [at(operands, 0), at(operands, 1)];
    if (x.shape.length !== 4 || kernel.shape.length !== 4) mismatch('a transposed convolution takes rank 4', operands);
    if (!mayEqual(at(x.shape, 3), at(kernel.shape, 3))) mismatch("the input's channels are not the kernel's", operands);
    if (!kernel.shape.every(isKnown)) mismatch('a transposed convolution takes a kernel of known sizes', operands);
    const back = size.map((known, i) => known && windowed(known, Number(kernel.shape[i]), at(strides, i), pad, operands));
    if (back.some((dim, i) => dim !== null && !mayEqual(dim, at(x.shape, i + 1))))
      mismatch(`a convolution would take [${size.join(',')}] back to [${back.join(',')}]`, operands);
    return { dtype: 'f32', shape: [at(x.shape, 0), ...size, at(kernel.shape, 2)] };
  },
  cost: (operands) => 2 * elements(at(operands, 0).shape) * elements(at(operands, 1).shape.slice(0, 3)),
  kernels: ['Conv2DBackpropInput'],
  emit({ args, attrs: { size, strides, pad }, operands }) {
    const [x, kernel] = [at(args, 0), at(args, 1)];
    const spatial = size.map((known, i): Code | number => {
      if (known !== null) return known;
      const stride = at(strides, i);
      const extra = pad === 'same' ? 0 : Math.max(Number(at(operands, 1).shape[i]) - stride, 0);
      return extra === 0 ? code`${x}.shape[${i + 1}] * ${stride}` : code`${x}.shape[${i + 1}] * ${stride} + ${extra}`;
    });
    const batch = at(at(operands, 0).shape, 0);
    const shape = [isKnown(batch) ? batch : code`${x}.shape[0]`, ...spatial, Number(at(operands, 1).shape[2])];
    return code`${tf('conv2dTranspose')}(${x}, ${kernel}, ${shape}, ${strides}, ${pad})`;
  },
});
