import { type Dim, type DType, elements, isKnown, mayEqual, type TensorType } from '../../ir/types.ts';
import { object } from '../../schema/build.ts';
import { code, type TfName } from '../code.ts';
import { kernelFunction } from '../kernel.ts';
import { at, mismatch, type OpRow, op, takes } from '../row.ts';

/** With more axes, the wasm backend broadcasts wrong without a word. */
const MOST_AXES = 6;

/**
 * The shape two shapes broadcast to, by numpy's rule. Of two unknown sizes that may be equal, the left one's symbol stays;
 * an unknown size beside a known one other than 1 must turn out to be that one.
 */
export function broadcast(types: readonly TensorType[], what: string): readonly Dim[] {
  return types.slice(1).reduce<readonly Dim[]>((left, type) => {
    const right = type.shape;
    const rank = Math.max(left.length, right.length);
    const isScalar = left.length === 0 || right.length === 0;
    if (rank > MOST_AXES && !isScalar && left.join() !== right.join())
      mismatch(`${what}: broadcasting over more than ${MOST_AXES} axes`, types);
    return Array.from({ length: rank }, (_, i) => {
      const a = left[i - rank + left.length] ?? 1;
      const b = right[i - rank + right.length] ?? 1;
      if (a === 1) return b;
      if (b === 1 || a === b) return a;
      if (!mayEqual(a, b)) mismatch(what, types);
      return isKnown(b) ? b : a;
    });
  }, at(types, 0).shape);
}

const FLOATS = ['f32'] as const;
const NUMBERS = ['f32', 'i32'] as const;

/** A broadcasting op on two tensors of one dtype, as the tfjs op of the same name does. */
function combine(
  name: TfName,
  kernel: string,
  doc: string,
  { dtypes = NUMBERS, result }: { dtypes?: readonly DType[]; result?: 'bool' } = {},
): OpRow<Record<never, never>> {
  return op({
    doc,
    attrs: object({}),
    arity: 2,
    infer(operands) {
      takes(dtypes, name, operands);
      const [a, b] = [at(operands, 0), at(operands, 1)];
      if (a.dtype !== b.dtype) mismatch(`${name} takes two tensors of one dtype, not ${a.dtype} and ${b.dtype}`, operands);
      return { dtype: result ?? a.dtype, shape: broadcast(operands, `${name}: the shapes do not broadcast`) };
    },
    cost: (_, results) => elements(at(results, 0).shape),
    kernels: [kernel],
    emit: ({ args }) =>
      code`${kernelFunction({ name, kernel, inputs: name === 'prelu' ? ['x', 'alpha'] : ['a', 'b'] })}(${at(args, 0)}, ${at(args, 1)})`,
  });
}

/** As `combine`, with a truth value for each pair. */
const decide = (name: TfName, kernel: string, doc: string, dtypes: readonly DType[] = NUMBERS): OpRow<Record<never, never>> =>
  combine(name, kernel, doc, { dtypes, result: 'bool' });

export const binaryOps = {
  add: combine('add', 'Add', 'a + b'),
  sub: combine('sub', 'Sub', 'a - b'),
  mul: combine('mul', 'Multiply', 'a * b'),
  // Of two i32, tfjs would give the quotient rounded down.
  div: combine('div', 'RealDiv', 'a / b', { dtypes: FLOATS }),
  // Of two f32, tfjs would give an i32.
  floorDiv: combine('floorDiv', 'FloorDiv', 'a / b, rounded down', { dtypes: ['i32'] }),
  mod: combine('mod', 'Mod', 'a - b * floor(a / b)'),
  atan2: combine('atan2', 'Atan2', 'the angle of the point (b, a)', { dtypes: FLOATS }),
  maximum: combine('maximum', 'Maximum', 'the larger of a and b'),
  minimum: combine('minimum', 'Minimum', 'the smaller of a and b'),
  pow: combine('pow', 'Pow', 'a^b'),
  prelu: combine('prelu', 'Prelu', 'a, or a * b where a is below zero', { dtypes: FLOATS }),
  squaredDifference: combine('squaredDifference', 'SquaredDifference', '(a - b)^2'),

  equal: decide('equal', 'Equal', 'a == b', ['f32', 'i32', 'bool']),
  notEqual: decide('notEqual', 'NotEqual', 'a != b', ['f32', 'i32', 'bool']),
  greater: decide('greater', 'Greater', 'a > b'),
  greaterEqual: decide('greaterEqual', 'GreaterEqual', 'a >= b'),
  less: decide('less', 'Less', 'a < b'),
  lessEqual: decide('lessEqual', 'LessEqual', 'a <= b'),
  logicalAnd: decide('logicalAnd', 'LogicalAnd', 'a and b', ['bool']),
  logicalOr: decide('logicalOr', 'LogicalOr', 'a or b', ['bool']),
} as const;
