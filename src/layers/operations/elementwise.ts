import type { Value } from '../../ir/program.ts';
import type { OpName } from '../../ops/index.ts';
import { affine } from '../activations/affine.ts';
import type { Lowering } from '../row.ts';
import { type Operation, operation } from './operation.ts';

/** Functions of one tensor, element by element. */

interface Names {
  readonly keras: string;
  readonly tf?: string;
  readonly node?: string;
  readonly doc: string;
}

/** Of floats; integers and truth values become floats. */
export function ofFloats({ keras, tf, node, doc }: Names, apply: (layer: Lowering, x: Value) => Value): Operation {
  return operation({
    keras,
    call: 'x',
    ...(tf === undefined ? {} : { tf: { [tf]: 'x' } }),
    ...(node === undefined ? {} : { node: { [node]: 'x' } }),
    doc,
    lower: (call) => apply(call.layer, call.float('x')),
  });
}

type FloatOp = OpName &
  (
    | ('acos' | 'acosh' | 'asin' | 'asinh' | 'atan' | 'atanh' | 'cos' | 'cosh' | 'erf' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sin')
    | ('reciprocal' | 'rsqrt' | 'sinh' | 'sqrt' | 'tan' | 'tanh' | 'ceil' | 'floor')
  );

/** What is one op of tfjs: Keras 3's class, the op, TensorFlow's function and op. */
const SINGLE: readonly (readonly [string, FloatOp, string, string, string])[] = [
  ['numpy.Exp', 'exp', 'math.exp exp', 'Exp', 'e^x'],
  ['numpy.Expm1', 'expm1', 'math.expm1', 'Expm1', 'e^x - 1'],
  ['numpy.Log', 'log', 'math.log', 'Log', 'ln x'],
  ['numpy.Log1p', 'log1p', 'math.log1p', 'Log1p', 'ln(1 + x)'],
  ['numpy.Sqrt', 'sqrt', 'math.sqrt sqrt', 'Sqrt', 'square root'],
  ['math.Rsqrt', 'rsqrt', 'math.rsqrt', 'Rsqrt', '1 / sqrt(x)'],
  ['numpy.Reciprocal', 'reciprocal', 'math.reciprocal', 'Reciprocal Inv', '1 / x'],
  ['numpy.Sin', 'sin', 'math.sin sin', 'Sin', 'sine'],
  ['numpy.Cos', 'cos', 'math.cos cos', 'Cos', 'cosine'],
  ['numpy.Tan', 'tan', 'math.tan tan', 'Tan', 'tangent'],
  ['numpy.Arcsin', 'asin', 'math.asin asin', 'Asin', 'arc sine'],
  ['numpy.Arccos', 'acos', 'math.acos acos', 'Acos', 'arc cosine'],
  ['numpy.Arctan', 'atan', 'math.atan atan', 'Atan', 'arc tangent'],
  ['numpy.Sinh', 'sinh', 'math.sinh sinh', 'Sinh', 'hyperbolic sine'],
  ['numpy.Cosh', 'cosh', 'math.cosh cosh', 'Cosh', 'hyperbolic cosine'],
  ['numpy.Tanh', 'tanh', 'math.tanh tanh nn.tanh', 'Tanh', 'hyperbolic tangent'],
  ['numpy.Arcsinh', 'asinh', 'math.asinh asinh', 'Asinh', 'area hyperbolic sine'],
  ['numpy.Arccosh', 'acosh', 'math.acosh acosh', 'Acosh', 'area hyperbolic cosine'],
  ['numpy.Arctanh', 'atanh', 'math.atanh atanh', 'Atanh', 'area hyperbolic tangent'],
  ['numpy.Ceil', 'ceil', 'math.ceil', 'Ceil', 'the integer not below x, as a float'],
  ['numpy.Floor', 'floor', 'math.floor floor', 'Floor', 'the integer not above x, as a float'],
  ['math.Erf', 'erf', 'math.erf', 'Erf', 'Gauss error function'],
];

const scaled = (factor: number) => (layer: Lowering, x: Value) => affine(layer, x, factor, 0, 'scaled');

const logarithm = (base: number) => (layer: Lowering, x: Value) => scaled(1 / Math.log(base))(layer, layer.op('log', [x], {}));

function cubeRoot(layer: Lowering, x: Value): Value {
  const root = layer.op('pow', [layer.op('abs', [x], {}, 'magnitude'), layer.scalar(1 / 3, 'third')], {}, 'root');
  return layer.op('mul', [root, layer.op('sign', [x], {}, 'sign')], {});
}

/** sin(pi x) / (pi x), which at 0 is 1. */
function sinc(layer: Lowering, x: Value): Value {
  const isZero = layer.op('equal', [x, layer.scalar(0, 'zero')], {}, 'at_zero');
  const angle = layer.op('where', [isZero, layer.scalar(1, 'one'), scaled(Math.PI)(layer, x)], {}, 'angle');
  const ratio = layer.op('div', [layer.op('sin', [angle], {}), angle], {}, 'ratio');
  return layer.op('where', [isZero, layer.scalar(1, 'one'), ratio], {});
}

/** Below zero, or a zero with a sign: its reciprocal is below zero. */
function signBit(layer: Lowering, x: Value): Value {
  const zero = layer.scalar(0, 'zero');
  const below = layer.op('less', [x, zero], {}, 'below');
  return layer.op('logicalOr', [below, layer.op('less', [layer.op('reciprocal', [x], {}), zero], {}, 'negative_zero')], {});
}

function infinite(layer: Lowering, x: Value, side: 'greater' | 'less'): Value {
  const onSide = layer.op(side, [x, layer.scalar(0, 'zero')], {}, 'on_side');
  return layer.op('logicalAnd', [layer.op('isInf', [x], {}, 'infinite'), onSide], {});
}

const composed: readonly Operation[] = [
  ofFloats({ keras: 'numpy.Exp2', doc: '2^x' }, (layer, x) => layer.op('pow', [layer.scalar(2, 'base'), x], {})),
  ofFloats({ keras: 'numpy.Log2', doc: 'logarithm to base 2' }, logarithm(2)),
  ofFloats({ keras: 'numpy.Log10', doc: 'logarithm to base 10' }, logarithm(10)),
  ofFloats({ keras: 'numpy.Cbrt', doc: 'cube root' }, cubeRoot),
  ofFloats({ keras: 'numpy.Sinc', doc: 'sin(pi x) / (pi x)' }, sinc),
  ofFloats({ keras: 'numpy.Deg2rad', doc: 'degrees as radians' }, scaled(Math.PI / 180)),
  ofFloats({ keras: 'numpy.Rad2deg', doc: 'radians as degrees' }, scaled(180 / Math.PI)),
  ofFloats({ keras: 'math.Erfc', tf: 'math.erfc', node: 'Erfc', doc: '1 - erf x' }, (layer, x) =>
    layer.op('sub', [layer.scalar(1, 'one'), layer.op('erf', [x], {})], {}),
  ),
  ofFloats({ keras: 'numpy.Fabs', doc: '|x| as a float' }, (layer, x) => layer.op('abs', [x], {})),
  ofFloats({ keras: 'numpy.Isnan', tf: 'math.is_nan', node: 'IsNan', doc: 'true where x is not a number' }, (layer, x) =>
    layer.op('isNaN', [x], {}),
  ),
  ofFloats({ keras: 'numpy.Isinf', tf: 'math.is_inf', node: 'IsInf', doc: 'true where x is infinite' }, (layer, x) =>
    layer.op('isInf', [x], {}),
  ),
  ofFloats({ keras: 'numpy.Isfinite', tf: 'math.is_finite', node: 'IsFinite', doc: 'true where x is a finite number' }, (layer, x) =>
    layer.op('isFinite', [x], {}),
  ),
  ofFloats({ keras: 'numpy.Isposinf', doc: 'true where x is infinite and above zero' }, (layer, x) => infinite(layer, x, 'greater')),
  ofFloats({ keras: 'numpy.Isneginf', doc: 'true where x is infinite and below zero' }, (layer, x) => infinite(layer, x, 'less')),
  ofFloats({ keras: 'numpy.Signbit', doc: 'true where x has a minus sign' }, signBit),
];

/** Of numbers as they are: integers stay integers, truth values become integers. */
function ofNumbers(op: OpName & ('abs' | 'neg' | 'sign' | 'square'), { keras, tf = '', node = '', doc }: Names): Operation {
  return operation({
    keras,
    call: 'x',
    tf: { [tf]: 'x' },
    node: { [node]: 'x' },
    doc,
    lower(call) {
      const [x] = call.together(['x']) as [Value];
      if (op === 'abs' && x.type.dtype === 'bool') return x;
      return call.layer.op(op, [x.type.dtype === 'bool' ? call.layer.cast(x, 'i32') : x], {});
    },
  });
}

const round = operation({
  keras: 'numpy.Round',
  call: 'x',
  tf: { 'math.round round': 'x' },
  node: { 'Round Rint': 'x' },
  doc: 'the nearest number of so many decimals, halves to even',
  lower(call) {
    const [x] = call.together(['x'], 'i32') as [Value];
    const [decimals, { layer }] = [call.integer('decimals', 0), call];
    if (x.type.dtype === 'i32') return decimals >= 0 ? x : call.unsupported('integers and negative decimals', 'cast to float32 first');
    const factor = 10 ** decimals;
    if (decimals === 0) return layer.op('round', [x], {});
    return layer.op('div', [layer.op('round', [affine(layer, x, factor, 0, 'moved')], {}), layer.scalar(factor, 'factor')], {});
  },
});

const trunc = operation({
  keras: 'numpy.Trunc',
  call: 'x',
  doc: 'x without its decimals',
  lower(call) {
    const [x] = call.together(['x'], 'i32') as [Value];
    const { layer } = call;
    if (x.type.dtype === 'i32') return x;
    const magnitude = layer.op('floor', [layer.op('abs', [x], {}, 'magnitude')], {}, 'whole');
    return layer.op('mul', [magnitude, layer.op('sign', [x], {}, 'sign')], {});
  },
});

const LARGEST_FLOAT = 3.4028234663852886e38;

const nanToNum = operation({
  keras: 'numpy.NanToNum',
  call: 'x',
  doc: 'x with numbers in place of NaN and infinities',
  lower(call) {
    const { layer } = call;
    const [given] = call.together(['x'], 'i32') as [Value];
    if (given.type.dtype === 'i32') return given;
    const zero = layer.scalar(0, 'zero');
    const replace = (x: Value, where: Value, value: number, role: string): Value =>
      layer.op('where', [where, layer.scalar(value, role), x], {}, `with_${role}`);
    const infinite = layer.op('isInf', [given], {}, 'infinite');
    const isHigh = layer.op('logicalAnd', [infinite, layer.op('greater', [given, zero], {}, 'above')], {}, 'is_high');
    const isLow = layer.op('logicalAnd', [infinite, layer.op('less', [given, zero], {}, 'below')], {}, 'is_low');
    const numbers = replace(given, layer.op('isNaN', [given], {}, 'missing'), call.number('nan', 0), 'nan');
    const bounded = replace(numbers, isHigh, call.number('posinf', LARGEST_FLOAT), 'posinf');
    return replace(bounded, isLow, call.number('neginf', -LARGEST_FLOAT), 'neginf');
  },
});

const clip = operation({
  keras: 'numpy.Clip',
  call: 'x',
  tf: { clip_by_value: 't:x clip_value_min:x_min clip_value_max:x_max' },
  node: { ClipByValue: 'x x_min x_max' },
  doc: 'x, no less than x_min and no more than x_max',
  lower(call) {
    const { layer } = call;
    const [x] = call.together(['x'], 'i32') as [Value];
    const bounds = ['x_min', 'x_max'].filter((name) => call.has(name));
    const isNumber = bounds.length === 2 && bounds.every((name) => call.isWritten(name) && call.literal(name).shape.length === 0);
    if (isNumber && x.type.dtype === 'f32') return layer.op('clipByValue', [x], { min: call.number('x_min'), max: call.number('x_max') });
    return bounds.reduce((value, name) => {
      const bound = call.tensor(name);
      if (x.type.dtype === 'i32' && bound.type.dtype === 'f32')
        return call.unsupported('integers between floats', 'cast x to float32 first');
      return layer.op(name === 'x_min' ? 'maximum' : 'minimum', [value, layer.cast(bound, x.type.dtype)], {}, `within_${name}`);
    }, x);
  },
});

export const elementwise: readonly Operation[] = [
  ...SINGLE.map(([keras, op, tf, node, doc]) => ofFloats({ keras, tf, node, doc }, (layer, x) => layer.op(op, [x], {}))),
  ...composed,
  ofNumbers('abs', { keras: 'numpy.Absolute numpy.Abs', tf: 'math.abs abs __operators__.abs', node: 'Abs', doc: '|x|' }),
  ofNumbers('neg', { keras: 'numpy.Negative', tf: 'math.negative negative __operators__.neg', node: 'Neg', doc: '-x' }),
  ofNumbers('sign', { keras: 'numpy.Sign', tf: 'math.sign sign', node: 'Sign', doc: '-1, 0 or 1' }),
  ofNumbers('square', { keras: 'numpy.Square', tf: 'math.square square', node: 'Square', doc: 'x * x' }),
  round,
  trunc,
  nanToNum,
  clip,
];
