import type { Value } from '../../ir/program.ts';
import { varianceOf } from '../normalization/moments.ts';
import { alongAxis, axesOfCall, axisOfCall, expanded } from './axes.ts';
import type { Call } from './call.ts';
import { type Operation, operation } from './operation.ts';

/** Sums, means, extremes and the like over axes. */

/** TensorFlow's parameters of a reduction. */
const TF = 'input_tensor:x axis keepdims';
const NODE = 'x axis ; keep_dims:keepdims';

type Reduce = (call: Call, x: Value, how: { axes: readonly number[]; keepDims: boolean }) => Value;

function reduction(keras: string, tf: string, node: string, doc: string, reduce: Reduce, least: 'bool' | 'i32' | 'f32'): Operation {
  return operation({
    keras,
    call: 'x',
    tf: { [tf]: TF },
    node: { [node]: NODE },
    doc,
    lower(call) {
      const [x] = call.together(['x'], least) as [Value];
      return reduce(call, x, { axes: axesOfCall(call, x), keepDims: call.flag('keepdims', false) });
    },
  });
}

const sum: Reduce = (call, x, how) => call.layer.op('sum', [x], how);
const prod: Reduce = (call, x, how) => call.layer.op('prod', [x], how);

/** Floats; TensorFlow's own function rounds the mean of integers. */
const mean: Reduce = (call, x, how) => {
  if (call.form === 'tf' && x.type.dtype !== 'f32') return call.unsupported('integers, whose mean it rounds', 'cast to float32 first');
  return call.layer.op('mean', [call.layer.cast(x, 'f32')], how);
};

const extreme =
  (op: 'max' | 'min'): Reduce =>
  (call, x, how) => {
    const { layer } = call;
    if (x.type.dtype === 'bool') return layer.op(op === 'max' ? 'any' : 'all', [x], how);
    const result = layer.op(op, [x], how);
    if (!call.has('initial')) return result;
    const initial = layer.cast(call.tensor('initial'), x.type.dtype);
    return layer.op(op === 'max' ? 'maximum' : 'minimum', [result, initial], {});
  };

const variance: Reduce = ({ layer }, x, { axes, keepDims }) => {
  const centre = layer.op('mean', [x], { axes, keepDims: true }, 'mean');
  const distance = layer.op('sub', [x, centre], {}, 'distance');
  if (keepDims) return varianceOf(layer, distance, axes);
  return layer.op('mean', [layer.op('square', [distance], {}, 'squared')], { axes }, 'variance');
};

const deviation: Reduce = (call, x, how) => call.layer.op('sqrt', [variance(call, x, how)], {});

const truth =
  (op: 'all' | 'any'): Reduce =>
  ({ layer }, x, how) =>
    layer.op(op, [layer.cast(x, 'bool')], how);

const count: Reduce = ({ layer }, x, how) => layer.op('sum', [layer.cast(layer.cast(x, 'bool'), 'i32')], how);

/** max + ln(sum e^(x - max)), where an infinite maximum counts as 0, lest it be taken from itself. */
export const logSumExp: Reduce = ({ layer }, x, { axes, keepDims }) => {
  const largest = layer.op('max', [x], { axes, keepDims: true }, 'largest');
  const level = layer.op('where', [layer.op('isFinite', [largest], {}, 'finite'), largest, layer.scalar(0, 'zero')], {}, 'level');
  const powers = layer.op('exp', [layer.op('sub', [x, level], {}, 'below')], {}, 'powers');
  const log = layer.op('log', [layer.op('sum', [powers], { axes, keepDims: true }, 'total')], {}, 'log');
  const result = layer.op('add', [log, level], {}, 'log_sum');
  if (keepDims) return result;
  return layer.op('reshape', [result], { shape: result.type.shape.filter((_, i) => !axes.includes(i)) });
};

const spread: Reduce = (call, x, how) =>
  call.layer.op('sub', [call.layer.op('max', [x], how, 'largest'), call.layer.op('min', [x], how, 'smallest')], {});

/** Without the elements that are no numbers, which count as the one of the operation. */
function withoutNaN({ layer }: Call, x: Value, neutral: number): Value {
  if (x.type.dtype !== 'f32') return x;
  return layer.op('where', [layer.op('isNaN', [x], {}, 'missing'), layer.scalar(neutral, 'neutral'), x], {}, 'numbers');
}

const meanOfNumbers: Reduce = (call, x, how) => {
  const { layer } = call;
  const present = layer.cast(layer.op('logicalNot', [layer.op('isNaN', [x], {}, 'missing')], {}, 'present'), 'f32');
  const total = layer.op('sum', [withoutNaN(call, x, 0)], how, 'total');
  return layer.op('div', [total, layer.op('sum', [present], how, 'count')], {});
};

function position(op: 'argMax' | 'argMin', keras: string, tf: string, node: string, doc: string): Operation {
  return operation({
    keras,
    call: 'x',
    tf: { [tf]: 'input:x axis output_type' },
    node: { [node]: 'x axis' },
    doc,
    lower(call) {
      const [given] = call.together(['x'], 'i32') as [Value];
      // TensorFlow's function counts along the first axis where it is given none.
      const along = call.form === 'tf' ? { x: given, axis: axisOfCall(call, given, 0) } : alongAxis(call, given);
      const found = call.layer.op(op, [along.x], { axis: along.axis });
      if (!call.flag('keepdims', false)) return found;
      return call.has('axis')
        ? expanded(call, found, along.axis)
        : call.layer.op('reshape', [found], { shape: given.type.shape.map(() => 1) });
    },
  });
}

function running(op: 'cumsum' | 'cumprod', neutral: number | null, keras: string, tf: string, node: string, doc: string): Operation {
  return operation({
    keras,
    call: 'x',
    ...(tf === '' ? {} : { tf: { [tf]: 'x axis exclusive reverse' }, node: { [node]: 'x axis ; exclusive reverse' } }),
    doc,
    lower(call) {
      const [given] = call.together(['x'], 'i32') as [Value];
      const numbers = neutral === null ? given : withoutNaN(call, given, neutral);
      const { x, axis } = call.form === 'tf' ? { x: numbers, axis: axisOfCall(call, given, 0) } : alongAxis(call, numbers);
      const [exclusive, reverse] = [call.flag('exclusive', false), call.flag('reverse', false)];
      return call.layer.op(op, [call.layer.cast(x, call.dtype() ?? x.type.dtype)], { axis, exclusive, reverse });
    },
  });
}

const average = operation({
  keras: 'numpy.Average',
  call: 'x weights',
  doc: 'mean over axes, elements weighted',
  lower(call) {
    const { layer } = call;
    const x = call.float('x');
    const axes = axesOfCall(call, x);
    if (!call.has('weights')) return layer.op('mean', [x], { axes });
    const given = call.float('weights');
    const [axis = 0] = axes;
    const isRow = given.type.shape.length === 1 && x.type.shape.length > 1 && axes.length === 1;
    if (!isRow && given.type.shape.length !== x.type.shape.length)
      return call.mismatch('weights of the shape of x, or of one axis', 'others');
    const shape = x.type.shape.map((_, i) => (i === axis ? (given.type.shape[0] ?? 1) : 1));
    const weights = isRow ? layer.op('reshape', [given], { shape }, 'weights') : given;
    const total = layer.op('sum', [layer.op('mul', [x, weights], {}, 'weighted')], { axes }, 'total');
    const over = isRow ? { axes: x.type.shape.map((_, i) => i) } : { axes };
    return layer.op('div', [total, layer.op('sum', [weights], over, 'weight')], {});
  },
});

const moments = operation({
  keras: 'nn.Moments',
  call: 'x',
  tf: { 'nn.moments': 'x axes shift keepdims' },
  doc: 'mean and variance over axes',
  lower(call) {
    const x = call.float('x');
    call.only('shift', null);
    const how = { axes: axesOfCall(call, x, 'axes'), keepDims: call.flag('keepdims', false) };
    return [call.layer.op('mean', [x], how), variance(call, x, how)];
  },
});

const diff = operation({
  keras: 'numpy.Diff',
  call: 'a:x',
  doc: 'each element less the one before it, n times',
  lower(call) {
    const { layer } = call;
    let [x] = call.together(['x'], 'i32') as [Value];
    const axis = axisOfCall(call, x, -1);
    for (let n = call.bounded(call.integer('n', 1)); n > 0; n--) {
      const { shape } = x.type;
      const begin = shape.map((_, i) => Number(i === axis));
      const later = layer.op('slice', [x], { begin, size: shape.map(() => null) }, 'later');
      const size = later.type.shape[axis];
      if (typeof size !== 'number') return call.unsupported('an axis of unknown size', "give the size in the shape of the model's input");
      const first = { begin: shape.map(() => 0), size: shape.map((_, i) => (i === axis ? size : null)) };
      x = layer.op('sub', [later, layer.op('slice', [x], first, 'earlier')], {}, 'difference');
    }
    return x;
  },
});

export const reductions: readonly Operation[] = [
  reduction('numpy.Sum', 'math.reduce_sum reduce_sum', 'Sum', 'sum over axes', sum, 'i32'),
  reduction('numpy.Prod', 'math.reduce_prod reduce_prod', 'Prod', 'product over axes', prod, 'i32'),
  reduction('numpy.Mean', 'math.reduce_mean reduce_mean', 'Mean', 'mean over axes', mean, 'bool'),
  reduction('numpy.Max numpy.Amax', 'math.reduce_max reduce_max', 'Max', 'the largest over axes', extreme('max'), 'bool'),
  reduction('numpy.Min numpy.Amin', 'math.reduce_min reduce_min', 'Min', 'the smallest over axes', extreme('min'), 'bool'),
  reduction('numpy.Var', 'math.reduce_variance', '', 'variance over axes', variance, 'f32'),
  reduction('numpy.Std', 'math.reduce_std', '', 'standard deviation over axes', deviation, 'f32'),
  reduction('numpy.All', 'math.reduce_all reduce_all', 'All', 'true where all are', truth('all'), 'bool'),
  reduction('numpy.Any', 'math.reduce_any reduce_any', 'Any', 'true where one is', truth('any'), 'bool'),
  reduction('numpy.CountNonzero', '', '', 'how many are not 0', count, 'bool'),
  reduction('math.Logsumexp', 'math.reduce_logsumexp reduce_logsumexp', '', 'ln(sum e^x) over axes', logSumExp, 'f32'),
  reduction('numpy.Ptp', '', '', 'the largest less the smallest', spread, 'i32'),
  reduction('numpy.Nansum', '', '', 'sum of what is a number', (call, x, how) => sum(call, withoutNaN(call, x, 0), how), 'i32'),
  reduction('numpy.Nanprod', '', '', 'product of what is a number', (call, x, how) => prod(call, withoutNaN(call, x, 1), how), 'i32'),
  reduction('numpy.Nanmean', '', '', 'mean of what is a number', meanOfNumbers, 'f32'),
  position('argMax', 'numpy.Argmax', 'math.argmax argmax', 'ArgMax', 'where the largest stands'),
  position('argMin', 'numpy.Argmin', 'math.argmin argmin', 'ArgMin', 'where the smallest stands'),
  running('cumsum', null, 'numpy.Cumsum', 'math.cumsum cumsum', 'Cumsum', 'running sum along an axis'),
  running('cumprod', null, 'numpy.Cumprod', 'math.cumprod', 'Cumprod', 'running product along an axis'),
  running('cumsum', 0, 'numpy.Nancumsum', '', '', 'running sum of what is a number'),
  running('cumprod', 1, 'numpy.Nancumprod', '', '', 'running product of what is a number'),
  average,
  moments,
  diff,
];
