import type { Value } from '../../ir/program.ts';
import type { OpName } from '../../ops/index.ts';
import type { Call } from './call.ts';
import { type Operation, operation } from './operation.ts';

/** Arithmetic of two tensors, which broadcast against each other. */

type BinaryOp = OpName & ('add' | 'sub' | 'mul' | 'maximum' | 'minimum');

/** What Keras makes of two truth values. */
const OF_TRUTHS = { add: 'logicalOr', mul: 'logicalAnd', maximum: 'logicalOr', minimum: 'logicalAnd', sub: null } as const;

/** The names of a function of TensorFlow, and of the operator that stands for it. */
const xy = (names: string): Readonly<Record<string, string>> => ({ [names]: 'x:x1 y:x2' });

function pair(op: BinaryOp, keras: string, doc: string, tf: string, node: string): Operation {
  return operation({
    keras,
    call: 'x1 x2',
    tf: xy(tf),
    node: { [node]: 'x1 x2' },
    doc,
    lower(call) {
      const [a, b] = call.together(['x1', 'x2']) as [Value, Value];
      if (a.type.dtype !== 'bool') return call.layer.op(op, [a, b], {});
      const logical = OF_TRUTHS[op];
      return logical === null ? call.mismatch('numbers', 'truth values') : call.layer.op(logical, [a, b], {});
    },
  });
}

function quotient(call: Call): Value {
  return call.layer.op('div', [call.float('x1'), call.float('x2')], {});
}

const divideNoNan = operation({
  keras: 'numpy.DivideNoNan',
  call: 'x1 x2',
  tf: xy('math.divide_no_nan'),
  node: { DivNoNan: 'x1 x2' },
  doc: 'x1 / x2, and 0 where x2 is 0',
  lower(call) {
    const [a, b, { layer }] = [call.float('x1'), call.float('x2'), call];
    const zero = layer.scalar(0, 'zero');
    const isZero = layer.op('equal', [b, zero], {}, 'is_zero');
    const divisor = layer.op('where', [isZero, layer.scalar(1, 'one'), b], {}, 'divisor');
    return layer.op('where', [isZero, zero, layer.op('div', [a, divisor], {}, 'quotient')], {});
  },
});

const floorDivide = operation({
  keras: 'numpy.FloorDivide',
  call: 'x1 x2',
  tf: xy('math.floordiv floordiv math.floor_div __operators__.floordiv'),
  node: { FloorDiv: 'x1 x2' },
  doc: 'x1 / x2, rounded down',
  lower(call) {
    const [a, b] = call.together(['x1', 'x2'], 'i32') as [Value, Value];
    if (a.type.dtype === 'i32') return call.layer.op('floorDiv', [a, b], {});
    return call.layer.op('floor', [call.layer.op('div', [a, b], {}, 'quotient')], {});
  },
});

const mod = operation({
  keras: 'numpy.Mod',
  call: 'x1 x2',
  tf: xy('math.floormod math.mod floormod mod __operators__.mod'),
  node: { FloorMod: 'x1 x2' },
  doc: 'what is left of x1 after dividing by x2, with the sign of x2',
  lower: (call) => call.layer.op('mod', call.together(['x1', 'x2'], 'i32'), {}),
});

const fmod = operation({
  keras: 'numpy.Fmod',
  call: 'x1 x2',
  doc: 'what is left of x1 after dividing by x2, with the sign of x1',
  lower(call) {
    const [a, b] = call.together(['x1', 'x2'], 'i32') as [Value, Value];
    const { layer } = call;
    const [left, right] = [layer.op('abs', [a], {}, 'dividend'), layer.op('abs', [b], {}, 'divisor')];
    return layer.op('mul', [layer.op('mod', [left, right], {}, 'rest'), layer.op('sign', [a], {}, 'sign')], {});
  },
});

const power = operation({
  keras: 'numpy.Power',
  call: 'x1 x2',
  tf: xy('math.pow pow __operators__.pow'),
  node: { Pow: 'x1 x2' },
  doc: 'x1 to the power of x2',
  lower(call) {
    const [a, b] = call.together(['x1', 'x2'], 'i32') as [Value, Value];
    const { layer } = call;
    const known = call.isWritten('x2') ? call.literal('x2') : null;
    if (known?.shape.length === 0 && known.values[0] === 2) return layer.op('square', [a], {});
    if (a.type.dtype === 'i32' && known?.values.every((value) => value >= 0) !== true)
      return call.unsupported('integers to powers that may be negative', 'cast to float32 first');
    return layer.op('pow', [a, b], {});
  },
});

const squaredDifference = operation({
  keras: '',
  call: 'x1 x2',
  tf: xy('math.squared_difference'),
  node: { SquaredDifference: 'x1 x2' },
  doc: '(x1 - x2)^2',
  lower: (call) => call.layer.op('squaredDifference', call.together(['x1', 'x2'], 'i32'), {}),
});

const arctan2 = operation({
  keras: 'numpy.Arctan2',
  call: 'x1 x2',
  tf: { 'math.atan2 atan2': 'y:x1 x:x2' },
  node: { Atan2: 'x1 x2' },
  doc: 'the angle of the point (x2, x1)',
  lower: (call) => call.layer.op('atan2', [call.float('x1'), call.float('x2')], {}),
});

const hypot = operation({
  keras: 'numpy.Hypot',
  call: 'x1 x2',
  doc: 'sqrt(x1^2 + x2^2)',
  lower(call) {
    const { layer } = call;
    const squares = ['x1', 'x2'].map((name) => layer.op('square', [call.float(name)], {}, `${name}_squared`));
    return layer.op('sqrt', [layer.op('add', squares, {}, 'sum')], {});
  },
});

/** ln(e^x1 + e^x2), or the same to another base; max + ln(1 + e^-|x1 - x2|) does not overflow. */
function logAddExp(keras: string, doc: string, base: number): Operation {
  return operation({
    keras,
    call: 'x1 x2',
    doc,
    lower(call) {
      const [a, b, { layer }] = [call.float('x1'), call.float('x2'), call];
      const log = Math.log(base);
      const larger = layer.op('maximum', [a, b], {}, 'larger');
      // Two equal infinities have no difference.
      const distance = layer.op('abs', [layer.op('sub', [a, b], {}, 'difference')], {}, 'distance');
      const gap = layer.op('where', [layer.op('equal', [a, b], {}, 'equal'), layer.scalar(0, 'none'), distance], {}, 'gap');
      const power = layer.op('exp', [layer.op('mul', [gap, layer.scalar(-log, 'scale')], {}, 'exponent')], {}, 'power');
      const rest = layer.op('mul', [layer.op('log1p', [power], {}, 'rest'), layer.scalar(1 / log, 'unit')], {}, 'scaled_rest');
      return layer.op('add', [larger, rest], {});
    },
  });
}

/** The larger or the smaller; where one is not a number, the other. */
function skippingNaN(op: 'maximum' | 'minimum', keras: string, doc: string): Operation {
  return operation({
    keras,
    call: 'x1 x2',
    doc,
    lower(call) {
      const [a, b] = call.together(['x1', 'x2'], 'i32') as [Value, Value];
      const { layer } = call;
      if (a.type.dtype === 'i32') return layer.op(op, [a, b], {});
      const [left, right] = [layer.op('isNaN', [a], {}, 'x1_missing'), layer.op('isNaN', [b], {}, 'x2_missing')];
      const [x, y] = [layer.op('where', [left, b, a], {}, 'left'), layer.op('where', [right, a, b], {}, 'right')];
      return layer.op(op, [x, y], {});
    },
  });
}

const heaviside = operation({
  keras: 'numpy.Heaviside',
  call: 'x1 x2',
  doc: '0 below zero, 1 above, x2 where x1 is 0',
  lower(call) {
    const [a, b, { layer }] = [call.float('x1'), call.float('x2'), call];
    const zero = layer.scalar(0, 'zero');
    const step = layer.cast(layer.op('greater', [a, zero], {}, 'above'), 'f32');
    return layer.op('where', [layer.op('equal', [a, zero], {}, 'at_zero'), b, step], {});
  },
});

const ldexp = operation({
  keras: 'numpy.Ldexp',
  call: 'x1 x2',
  doc: 'x1 * 2^x2',
  lower(call) {
    const { layer } = call;
    const factor = layer.op('pow', [layer.scalar(2, 'base'), call.float('x2')], {}, 'factor');
    return layer.op('mul', [call.float('x1'), factor], {});
  },
});

export const arithmetic: readonly Operation[] = [
  pair('add', 'numpy.Add', 'x1 + x2', 'math.add add __operators__.add', 'AddV2 Add BiasAdd'),
  pair('sub', 'numpy.Subtract', 'x1 - x2', 'math.subtract subtract __operators__.sub', 'Sub'),
  pair('mul', 'numpy.Multiply', 'x1 * x2', 'math.multiply multiply __operators__.mul', 'Mul'),
  pair('maximum', 'numpy.Maximum', 'the larger of x1 and x2', 'math.maximum maximum', 'Maximum'),
  pair('minimum', 'numpy.Minimum', 'the smaller of x1 and x2', 'math.minimum minimum', 'Minimum'),
  operation({
    keras: 'numpy.TrueDivide numpy.Divide',
    call: 'x1 x2',
    tf: xy('math.divide divide math.truediv truediv realdiv math.realdiv __operators__.truediv __operators__.div'),
    node: { RealDiv: 'x1 x2' },
    doc: 'x1 / x2 in floats',
    lower: quotient,
  }),
  divideNoNan,
  floorDivide,
  mod,
  fmod,
  power,
  squaredDifference,
  arctan2,
  hypot,
  logAddExp('numpy.Logaddexp', 'ln(e^x1 + e^x2)', Math.E),
  logAddExp('numpy.Logaddexp2', 'log2(2^x1 + 2^x2)', 2),
  skippingNaN('maximum', 'numpy.Fmax', 'the larger of x1 and x2, or the one that is a number'),
  skippingNaN('minimum', 'numpy.Fmin', 'the smaller of x1 and x2, or the one that is a number'),
  heaviside,
  ldexp,
];
