import type { Value } from '../../ir/program.ts';
import { object } from '../../schema/build.ts';
import { type LayerRow, type Lowering, layer } from '../row.ts';
import { mergedMask, perChannel } from './masks.ts';
import { alignedRanks, operandsOf, promoted } from './operands.ts';

type Merge = 'add' | 'sub' | 'mul' | 'maximum' | 'minimum';

interface Merging {
  readonly className: string;
  readonly doc: string;
  readonly op: Merge;
  /** How Keras 3 merges where inputs carry masks, if masked elements are to count for nothing. */
  readonly masked?: (layer: Lowering, op: Merge, values: readonly Value[]) => Value;
}

const row = ({ className, doc, op, masked }: Merging): LayerRow<object> =>
  layer({
    className,
    doc,
    takesList: true,
    config: object({}),
    lower(layer) {
      layer.giveMask(mergedMask(layer));
      const values = numbers(layer, operandsOf(layer));
      const hasMasks = layer.origin.keras === 3 && values.some((_, i) => layer.mask(i) !== null);
      return hasMasks && masked !== undefined ? masked(layer, op, values) : merged(layer, op, values);
    },
  });

/** A product in which masked elements are ones; where all inputs mask an element, it is zero. */
function maskedProduct(layer: Lowering, op: Merge, values: readonly Value[]): Value {
  const masks = values.map((x, i) => {
    const mask = layer.mask(i);
    return mask === null ? null : perChannel(layer, mask, x);
  });
  const one = layer.scalar(1, 'one', values[0]?.type.dtype);
  const product = merged(
    layer,
    op,
    values.map((x, i) => (masks[i] ? layer.op('where', [masks[i], x, one], {}, 'counted') : x)),
  );
  const [first, ...others] = masks.filter((mask) => mask !== null);
  if (first === undefined || others.length + 1 < masks.length) return product;
  const any = others.reduce((left, right) => layer.op('logicalOr', [left, right], {}, 'counts'), first);
  return layer.op('where', [any, product, layer.scalar(0, 'zero', product.type.dtype)], {});
}

/** An extreme over the elements that count: where one of two is masked, the other stands for both. */
function maskedExtreme(layer: Lowering, op: Merge, values: readonly Value[]): Value {
  let result: Value | null = null;
  let counts: Value | null = null;
  values.forEach((given, i) => {
    const own = layer.mask(i);
    const mask = own === null ? null : perChannel(layer, own, given);
    if (result === null) {
      [result, counts] = [given, mask];
      return;
    }
    const x = mask === null ? given : layer.op('where', [mask, given, result], {}, 'counted');
    const before: Value = counts === null ? result : layer.op('where', [counts, result, x], {}, 'counted');
    counts = mask === null || counts === null ? null : layer.op('logicalOr', [counts, mask], {}, 'counts');
    result = layer.op(op, [before, x], {});
  });
  return result ?? layer.mismatch('the layer merges tensors', 'none');
}

/** Operands under one dtype and rank, none of them truth values. */
function numbers(layer: Lowering, operands: readonly Value[]): readonly Value[] {
  const values = promoted(layer, operands);
  const { dtype, shape } = values[0]?.type ?? { dtype: 'f32', shape: [] };
  if (dtype === 'bool' || dtype === 'str') return layer.mismatch('the layer merges numbers', `${dtype} tensors of ${shape.length} axes`);
  return alignedRanks(layer, values);
}

/** The operands merged from the first to the last; one alone is itself. */
const merged = (layer: Lowering, op: Merge, values: readonly Value[]): Value =>
  values.reduce((left, right) => layer.op(op, [left, right], {}));

export const add = row({ className: 'Add', doc: 'the sum of its inputs', op: 'add' });
export const multiply = row({ className: 'Multiply', doc: 'the product of its inputs', op: 'mul', masked: maskedProduct });
export const maximum = row({
  className: 'Maximum',
  doc: 'the largest of its inputs, element by element',
  op: 'maximum',
  masked: maskedExtreme,
});
export const minimum = row({
  className: 'Minimum',
  doc: 'the smallest of its inputs, element by element',
  op: 'minimum',
  masked: maskedExtreme,
});

const subtract = layer({
  className: 'Subtract',
  takesList: true,
  doc: 'its first input less its second',
  config: object({}),
  lower(layer) {
    const operands = operandsOf(layer);
    if (operands.length !== 2) return layer.mismatch('Subtract takes two tensors', `${operands.length}`);
    layer.giveMask(mergedMask(layer));
    return merged(layer, 'sub', numbers(layer, operands));
  },
});

export const average = layer({
  className: 'Average',
  takesList: true,
  doc: 'the mean of its inputs',
  config: object({}),
  lower(layer) {
    layer.giveMask(mergedMask(layer));
    const operands = operandsOf(layer).map((value) => layer.cast(value, 'f32'));
    const sum = merged(layer, 'add', numbers(layer, operands));
    return operands.length === 1 ? sum : layer.op('mul', [sum, layer.scalar(1 / operands.length, 'share')], {});
  },
});

export const elementwiseMerges = [add, subtract, multiply, average, maximum, minimum] as const;
