import type { Value } from '../../ir/program.ts';
import { elements, isKnown } from '../../ir/types.ts';
import { boolean, integer, object, withDefault } from '../../schema/build.ts';
import { activate, activationConfig } from '../activations/activate.ts';
import { adaptedKernel, loraConfig } from '../lora.ts';
import { type Lowering, layer } from '../row.ts';

export const dense = layer({
  className: 'Dense',
  doc: 'activation(x kernel + bias) over the last axis',
  config: object({
    units: integer({ minimum: 1 }),
    use_bias: withDefault(boolean, true),
    activation: activationConfig,
    ...loraConfig,
  }),
  lower(layer) {
    const { units, use_bias, activation } = layer.config;
    const { x } = layer;
    const channels = x.type.shape.at(-1);
    if (channels === undefined || !isKnown(channels)) return layer.mismatch('Dense takes a last axis of known size', x.type.shape);
    const kernel = layer.weight('kernel', [channels, units]);
    const bias = use_bias ? layer.weight('bias', [units]) : null;
    const product = multiply(layer, x, adaptedKernel(layer, kernel));
    const sum = bias === null ? product : layer.op('add', [product, bias], {}, 'sum');
    return activate(layer, sum, activation);
  },
});

/**
 * x kernel, where x may have any rank. tfjs multiplies two matrices fastest, so leading axes become rows where their sizes
 * can be told apart again afterwards.
 */
export function multiply(layer: Lowering, x: Value, kernel: Value): Value {
  const leading = x.type.shape.slice(0, -1);
  if (leading.length === 1 || leading.filter((dim) => !isKnown(dim)).length > 1) return layer.op('matMul', [x, kernel], {});
  const rows = leading.every(isKnown) ? elements(leading) : null;
  const flat = layer.op('reshape', [x], { shape: [rows, x.type.shape.at(-1) ?? 1] }, 'rows');
  return layer.op('reshape', [layer.op('matMul', [flat, kernel], {})], { shape: [...leading, kernel.type.shape.at(-1) ?? 1] });
}
