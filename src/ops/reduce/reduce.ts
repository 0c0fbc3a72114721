import { type DType, elements, type TensorType } from '../../ir/types.ts';
import { array, boolean, integer, object, type Static, withDefault } from '../../schema/build.ts';
import { code, type TfName } from '../code.ts';
import { kernelFunction } from '../kernel.ts';
import { at, mismatch, type OpRow, op, takes } from '../row.ts';

const attrs = object({ axes: array(integer({ minimum: 0 })), keepDims: withDefault(boolean, false) });
type ReduceAttrs = Static<typeof attrs>;

/** A reduction over some axes. */
function reduce(name: TfName, kernel: string, doc: string, ...dtypes: readonly DType[]): OpRow<ReduceAttrs> {
  return op({
    doc,
    attrs,
    arity: 1,
    infer(operands, { axes, keepDims }) {
      takes(dtypes, name, operands);
      const { dtype, shape } = at(operands, 0);
      if (axes.some((axis) => axis >= shape.length)) mismatch(`${name}: there is no axis ${Math.max(...axes)}`, operands);
      const reduced = shape.flatMap((dim, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [dim]));
      return { dtype, shape: reduced };
    },
    cost: ([x]: readonly TensorType[]) => elements(x?.shape ?? []),
    kernels: [kernel],
    emit: ({ args, attrs: { axes, keepDims } }) =>
      code`${kernelFunction({ name, kernel, inputs: ['x'], attrs: { [axesName(name)]: 'number[]', keepDims: 'boolean' } })}(${at(args, 0)}, ${axes}, ${keepDims})`,
  });
}

/** What the kernels of some reductions call the axes. */
const axesName = (name: TfName): string => (name === 'max' ? 'reductionIndices' : 'axis');

const SOFTMAX = kernelFunction({ name: 'softmax', kernel: 'Softmax', inputs: ['logits'], attrs: { dim: { is: 'logits.rank - 1' } } });

export const reduceOps = {
  all: reduce('all', 'All', 'true where all are', 'bool'),
  any: reduce('any', 'Any', 'true where one is', 'bool'),
  max: reduce('max', 'Max', 'the largest', 'f32', 'i32'),
  mean: reduce('mean', 'Mean', 'arithmetic mean', 'f32'),
  min: reduce('min', 'Min', 'the smallest', 'f32', 'i32'),
  prod: reduce('prod', 'Prod', 'product', 'f32', 'i32'),
  sum: reduce('sum', 'Sum', 'sum', 'f32', 'i32'),
  softmax: op({
    doc: 'softmax over the last axis',
    attrs: object({}),
    arity: 1,
    infer(operands) {
      takes(['f32'], 'softmax', operands);
      if (at(operands, 0).shape.length === 0) mismatch('softmax takes rank 1 or more', operands);
      return at(operands, 0);
    },
    cost: ([x]) => 8 * elements(x?.shape ?? []),
    kernels: ['Softmax'],
    emit: ({ args }) => code`${SOFTMAX}(${at(args, 0)})`,
  }),
} as const;
