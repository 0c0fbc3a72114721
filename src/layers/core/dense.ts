import type { Value } from '../../ir/program.ts';
import { elements, isKnown } from '../../ir/types.ts';
import { anything, boolean, integer, object, optional, withDefault } from '../../schema/build.ts';
import { activate, activationConfig } from '../activations/activate.ts';
import { type Lowering, layer } from '../row.ts';

export const dense = layer({
  className: 'Dense',
  doc: 'activation(x kernel + bias) over the last axis',
  config: object({
    units: integer({ minimum: 1 }),
    use_bias: withDefault(boolean, true),
    activation: activationConfig,
    lora_rank: optional(anything),
  }),
  lower(layer) {
    const { units, use_bias, activation, lora_rank } = layer.config;
    if (lora_rank !== undefined && lora_rank !== null) {
      return layer.unsupported('this Dense layer carries LoRA weights (lora_rank)', 'merge them into the kernel before the model is saved');
    }
    const { x } = layer;
    const channels = x.type.shape.at(-1);
    if (channels === undefined || !isKnown(channels)) return layer.mismatch('Dense takes a last axis of known size', x.type.shape);
    const kernel = layer.weight('kernel', [channels, units]);
    const product = multiply(layer, x, kernel);
    const sum = use_bias ? layer.op('add', [product, layer.weight('bias', [units])], {}, 'sum') : product;
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
