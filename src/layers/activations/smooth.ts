import type { Value } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';
import { affine } from './affine.ts';

/** Activations made of exponentials, each in the form that neither overflows nor cancels. */

export const silu = (layer: Lowering, x: Value): Value => layer.op('mul', [x, layer.op('sigmoid', [x], {})], {});

/** x/2 (1 + erf(x / sqrt 2)). */
export function gelu(layer: Lowering, x: Value): Value {
  const erf = layer.op('erf', [affine(layer, x, Math.SQRT1_2, 0, 'argument')], {});
  return layer.op('mul', [affine(layer, x, 0.5, 0, 'half'), affine(layer, erf, 1, 1, 'gate')], {});
}

/** tfjs-layers' `gelu_new`: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
export function geluTanh(layer: Lowering, x: Value): Value {
  const slope = affine(layer, layer.op('square', [x], {}), Math.sqrt(2 / Math.PI) * 0.044715, Math.sqrt(2 / Math.PI), 'slope');
  const tanh = layer.op('tanh', [layer.op('mul', [x, slope], {}, 'argument')], {});
  return layer.op('mul', [affine(layer, x, 0.5, 0, 'half'), affine(layer, tanh, 1, 1, 'gate')], {});
}

/** x tanh(softplus(x)). */
export const mish = (layer: Lowering, x: Value): Value => layer.op('mul', [x, layer.op('tanh', [layer.op('softplus', [x], {})], {})], {});

/** -softplus(-x), which unlike ln(sigmoid(x)) stays finite. */
export const logSigmoid = (layer: Lowering, x: Value): Value =>
  layer.op('neg', [layer.op('softplus', [layer.op('neg', [x], {}, 'negated')], {})], {});

/** x / (1 + |x|). */
export const softsign = (layer: Lowering, x: Value): Value =>
  layer.op('div', [x, affine(layer, layer.op('abs', [x], {}, 'magnitude'), 1, 1, 'divisor')], {});

/** (x + sqrt(x^2 + 4)) / 2. */
export function squareplus(layer: Lowering, x: Value): Value {
  const root = layer.op('sqrt', [affine(layer, layer.op('square', [x], {}), 1, 4, 'radicand')], {}, 'root');
  return affine(layer, layer.op('add', [x, root], {}, 'sum'), 0.5, 0, 'mean');
}

export const tanhShrink = (layer: Lowering, x: Value): Value => layer.op('sub', [x, layer.op('tanh', [x], {})], {});

/** The first half of the last axis times the sigmoid of the second. */
export function glu(layer: Lowering, x: Value): Value {
  const { shape } = x.type;
  const channels = shape.at(-1);
  if (channels === undefined || !isKnown(channels) || channels % 2 !== 0)
    return layer.mismatch('glu takes a last axis of known, even size', shape);
  const half = channels / 2;
  const [value, gate] = layer.ops('split', [x], { sizes: [half, half], axis: shape.length - 1 }, 'half') as [Value, Value];
  return layer.op('mul', [value, layer.op('sigmoid', [gate], {}, 'gate')], {});
}
