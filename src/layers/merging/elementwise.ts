import type { Value } from '../../ir/program.ts';
import { object } from '../../schema/build.ts';
import { type LayerRow, type Lowering, layer } from '../row.ts';
import { alignedRanks, operandsOf, promoted } from './operands.ts';

type Merge = 'add' | 'sub' | 'mul' | 'maximum' | 'minimum';

interface Merging {
  readonly className: string;
  readonly doc: string;
  readonly op: Merge;
  /** Keras 3 lets masked elements of these count for nothing. */
  readonly onMask?: 'uses';
}

const row = ({ className, doc, op, ...rest }: Merging): LayerRow<object> =>
  layer({
    className,
    doc,
    takesList: true,
    ...rest,
    config: object({}),
    lower: (layer) => merged(layer, op, numbers(layer, operandsOf(layer))),
  });

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
export const multiply = row({ className: 'Multiply', doc: 'the product of its inputs', op: 'mul', onMask: 'uses' });
export const maximum = row({ className: 'Maximum', doc: 'the largest of its inputs, element by element', op: 'maximum', onMask: 'uses' });
export const minimum = row({ className: 'Minimum', doc: 'the smallest of its inputs, element by element', op: 'minimum', onMask: 'uses' });

const subtract = layer({
  className: 'Subtract',
  takesList: true,
  doc: 'its first input less its second',
  config: object({}),
  lower(layer) {
    const operands = operandsOf(layer);
    if (operands.length !== 2) return layer.mismatch('Subtract takes two tensors', `${operands.length}`);
    return merged(layer, 'sub', numbers(layer, operands));
  },
});

export const average = layer({
  className: 'Average',
  takesList: true,
  doc: 'the mean of its inputs',
  config: object({}),
  lower(layer) {
    const operands = operandsOf(layer).map((value) => layer.cast(value, 'f32'));
    const sum = merged(layer, 'add', numbers(layer, operands));
    return operands.length === 1 ? sum : layer.op('mul', [sum, layer.scalar(1 / operands.length, 'share')], {});
  },
});

export const elementwiseMerges = [add, subtract, multiply, average, maximum, minimum] as const;
