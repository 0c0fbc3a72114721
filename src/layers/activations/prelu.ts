import type { Value } from '../../ir/program.ts';
import { array, either, integer, nullable, object, withDefault } from '../../schema/build.ts';
import { sizesOf } from '../axes.ts';
import { type Lowering, layer } from '../row.ts';

export const pReLU = layer({
  className: 'PReLU',
  doc: 'x, or alpha x below zero, where alpha is learnt for each element of the axes that do not share it',
  config: object({ shared_axes: withDefault(nullable(either(integer({ minimum: 1 }), array(integer({ minimum: 1 })))), null) }),
  lower(layer) {
    const { x } = layer;
    const { shape } = x.type;
    const shared = [layer.config.shared_axes ?? []].flat();
    if (shared.some((axis) => axis >= shape.length)) return layer.mismatch(`there is no shared axis ${Math.max(...shared)}`, shape);
    const sizes = shape.slice(1).map((_, i) => (shared.includes(i + 1) ? 1 : (sizesOf(layer, [i + 1], x)[0] ?? 1)));
    const alpha = layer.weight('alpha', sizes);
    return repeatsAsAWhole(sizes, shape) ? layer.op('prelu', [x, alpha], {}) : inTwoParts(layer, x, alpha);
  },
});

/** The wasm kernel of prelu takes alpha's elements in turn, over and over: right only where alpha is whole trailing axes. */
function repeatsAsAWhole(sizes: readonly number[], shape: Value['type']['shape']): boolean {
  const first = sizes.findIndex((size) => size !== 1);
  return first === -1 || sizes.every((size, i) => i < first || size === shape[i + 1]);
}

/** max(x, 0) + alpha min(x, 0). */
function inTwoParts(layer: Lowering, x: Value, alpha: Value): Value {
  const negative = layer.op('minimum', [x, layer.scalar(0, 'zero')], {}, 'negative');
  return layer.op('add', [layer.op('relu', [x], {}, 'positive'), layer.op('mul', [negative, alpha], {}, 'leak')], {});
}
