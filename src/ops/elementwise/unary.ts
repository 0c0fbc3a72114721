import { type DType, elements } from '../../ir/types.ts';
import { number, object } from '../../schema/build.ts';
import { code, type TfName } from '../code.ts';
import { kernelFunction } from '../kernel.ts';
import { at, type OpRow, op, takes } from '../row.ts';

const noAttrs = object({});

const FLOATS = ['f32'] as const;
const NUMBERS = ['f32', 'i32'] as const;

/** An op that maps each element to one of the same dtype, as the tfjs op of the same name does. */
function map(name: TfName, kernel: string, doc: string, flops = 1, dtypes: readonly DType[] = FLOATS): OpRow<Record<never, never>> {
  return op({
    doc,
    attrs: noAttrs,
    arity: 1,
    infer(operands) {
      takes(dtypes, name, operands);
      return at(operands, 0);
    },
    cost: ([x]) => flops * elements(x?.shape ?? []),
    kernels: [kernel],
    emit: ({ args }) => code`${kernelFunction({ name, kernel, inputs: ['x'] })}(${at(args, 0)})`,
  });
}

/** As `map`, with a truth value for each element. */
function test(name: TfName, kernel: string, doc: string, dtypes: readonly DType[]): OpRow<Record<never, never>> {
  const row = map(name, kernel, doc, 1, dtypes);
  return { ...row, infer: (operands, attrs) => ({ ...row.infer(operands, attrs), dtype: 'bool' }) };
}

const LEAKY_RELU = kernelFunction({ name: 'leakyRelu', kernel: 'LeakyRelu', inputs: ['x'], attrs: { alpha: 'number' } });
const CLIP_BY_VALUE = kernelFunction({
  name: 'clipByValue',
  kernel: 'ClipByValue',
  inputs: ['x'],
  attrs: { clipValueMin: 'number', clipValueMax: 'number' },
});

export const unaryOps = {
  abs: map('abs', 'Abs', '|x|', 1, NUMBERS),
  acos: map('acos', 'Acos', 'arc cosine', 6),
  acosh: map('acosh', 'Acosh', 'area hyperbolic cosine', 6),
  asin: map('asin', 'Asin', 'arc sine', 6),
  asinh: map('asinh', 'Asinh', 'area hyperbolic sine', 6),
  atan: map('atan', 'Atan', 'arc tangent', 6),
  atanh: map('atanh', 'Atanh', 'area hyperbolic tangent', 6),
  ceil: map('ceil', 'Ceil', 'the integer not below x'),
  cos: map('cos', 'Cos', 'cos x', 4),
  cosh: map('cosh', 'Cosh', 'hyperbolic cosine', 6),
  elu: map('elu', 'Elu', 'x, or exp(x) - 1 below zero', 4),
  erf: map('erf', 'Erf', 'Gauss error function', 8),
  exp: map('exp', 'Exp', 'e^x', 4),
  expm1: map('expm1', 'Expm1', 'e^x - 1', 4),
  floor: map('floor', 'Floor', 'the integer not above x'),
  log: map('log', 'Log', 'ln x', 4),
  log1p: map('log1p', 'Log1p', 'ln(1 + x)', 4),
  neg: map('neg', 'Neg', '-x', 1, NUMBERS),
  reciprocal: map('reciprocal', 'Reciprocal', '1 / x'),
  relu: map('relu', 'Relu', 'max(x, 0)', 1, NUMBERS),
  relu6: map('relu6', 'Relu6', 'min(max(x, 0), 6)', 1, NUMBERS),
  round: map('round', 'Round', 'the nearest integer, halves to even'),
  rsqrt: map('rsqrt', 'Rsqrt', '1 / sqrt(x)', 2),
  selu: map('selu', 'Selu', 'scaled elu', 5),
  sigmoid: map('sigmoid', 'Sigmoid', '1 / (1 + e^-x)', 4),
  sign: map('sign', 'Sign', '-1, 0 or 1', 1, NUMBERS),
  sin: map('sin', 'Sin', 'sin x', 4),
  sinh: map('sinh', 'Sinh', 'hyperbolic sine', 6),
  softplus: map('softplus', 'Softplus', 'ln(1 + e^x)', 6),
  sqrt: map('sqrt', 'Sqrt', 'square root', 2),
  square: map('square', 'Square', 'x * x', 1, NUMBERS),
  tan: map('tan', 'Tan', 'tangent', 6),
  tanh: map('tanh', 'Tanh', 'hyperbolic tangent', 6),

  isFinite: test('isFinite', 'IsFinite', 'true where x is neither infinite nor not a number', FLOATS),
  isInf: test('isInf', 'IsInf', 'true where x is infinite', FLOATS),
  isNaN: test('isNaN', 'IsNan', 'true where x is not a number', FLOATS),
  logicalNot: test('logicalNot', 'LogicalNot', 'true where x is false', ['bool']),

  leakyRelu: op({
    doc: 'x, or alpha * x below zero',
    attrs: object({ alpha: number() }),
    arity: 1,
    infer(operands) {
      takes(FLOATS, 'leakyRelu', operands);
      return at(operands, 0);
    },
    cost: ([x]) => 2 * elements(x?.shape ?? []),
    kernels: ['LeakyRelu'],
    emit: ({ args, attrs }) => code`${LEAKY_RELU}(${at(args, 0)}, ${attrs.alpha})`,
  }),
  clipByValue: op({
    doc: 'min(max(x, min), max)',
    attrs: object({ min: number(), max: number() }),
    arity: 1,
    infer(operands) {
      // The wasm kernel takes integers for floats.
      takes(FLOATS, 'clipByValue', operands);
      return at(operands, 0);
    },
    cost: ([x]) => 2 * elements(x?.shape ?? []),
    kernels: ['ClipByValue'],
    emit: ({ args, attrs }) => code`${CLIP_BY_VALUE}(${at(args, 0)}, ${attrs.min}, ${attrs.max})`,
  }),
} as const;
