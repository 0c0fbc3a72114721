import type { Value } from '../../ir/program.ts';
import { type Operation, operation } from './operation.ts';

/** Comparisons, logic, and choices by truth values. */

type CompareOp = 'equal' | 'notEqual' | 'greater' | 'greaterEqual' | 'less' | 'lessEqual';

function compare(op: CompareOp, keras: string, tf: string, node: string, doc: string): Operation {
  return operation({
    keras,
    call: 'x1 x2',
    // Of `==` and `!=`, TensorFlow calls the operands otherwise.
    tf: { [tf]: 'x:x1 y:x2 self:x1 other:x2' },
    node: { [node]: 'x1 x2' },
    doc,
    lower: (call) => call.layer.op(op, call.together(['x1', 'x2'], op === 'equal' || op === 'notEqual' ? 'bool' : 'i32'), {}),
  });
}

/** Of truth values; numbers are true where they are not 0. */
function logical(op: 'logicalAnd' | 'logicalOr' | 'notEqual', keras: string, tf: string, node: string, doc: string): Operation {
  return operation({
    keras,
    call: 'x1 x2',
    tf: { [tf]: 'x:x1 y:x2' },
    node: { [node]: 'x1 x2' },
    doc,
    lower: (call) => call.layer.op(op, [call.tensor('x1', 'bool'), call.tensor('x2', 'bool')], {}),
  });
}

const not = operation({
  keras: 'numpy.LogicalNot',
  call: 'x',
  tf: { 'math.logical_not __operators__.invert': 'x' },
  node: { LogicalNot: 'x' },
  doc: 'true where x is false, or 0',
  lower: (call) => call.layer.op('logicalNot', [call.tensor('x', 'bool')], {}),
});

const where = operation({
  keras: 'numpy.Where',
  call: 'condition x1 x2',
  tf: { 'where where_v2 compat.v2.where': 'condition x:x1 y:x2' },
  node: { 'SelectV2 Select': 'condition x1 x2' },
  doc: 'x1 where the condition is true, else x2',
  lower(call) {
    if (!call.has('x1') || !call.has('x2'))
      return call.unsupported('the condition alone', 'give where() what to take on both sides: how many are true is not known beforehand');
    return call.layer.op('where', [call.tensor('condition', 'bool'), ...call.together(['x1', 'x2'])], {});
  },
});

const select = operation({
  keras: 'numpy.Select',
  call: 'condlist choicelist default',
  doc: 'the choice whose condition is the first to be true, else the default',
  lower(call) {
    const { layer } = call;
    const conditions = call.tensors('condlist').map((condition) => layer.cast(condition, 'bool'));
    const choices = call.tensors('choicelist');
    if (conditions.length !== choices.length) return call.mismatch('a choice for each condition', conditions.length);
    const dtype = choices[0]?.type.dtype ?? 'f32';
    const other = call.has('default') ? call.tensor('default') : layer.scalar(0, 'default', dtype);
    const isFloat = other.type.dtype === 'f32' || dtype === 'f32';
    const [common, start] = [isFloat ? 'f32' : dtype, layer.cast(other, isFloat ? 'f32' : dtype)] as const;
    return conditions.reduceRight<Value>(
      (rest, condition, i) => layer.op('where', [condition, layer.cast(choices[i] as Value, common), rest], {}, `choice_${i}`),
      start,
    );
  },
});

const isClose = operation({
  keras: 'numpy.Isclose',
  call: 'x1 x2 rtol atol equal_nan',
  doc: '|x1 - x2| <= atol + rtol |x2|',
  lower(call) {
    const { layer } = call;
    call.only('equal_nan', false);
    const [a, b] = [call.float('x1'), call.float('x2')];
    const distance = layer.op('abs', [layer.op('sub', [a, b], {}, 'difference')], {}, 'distance');
    const share = layer.op('mul', [layer.op('abs', [b], {}, 'magnitude'), layer.scalar(call.number('rtol', 1e-5), 'rtol')], {}, 'share');
    const limit = layer.op('add', [share, layer.scalar(call.number('atol', 1e-8), 'atol')], {}, 'limit');
    // Equal infinities have no distance.
    return layer.op('logicalOr', [layer.op('lessEqual', [distance, limit], {}, 'near'), layer.op('equal', [a, b], {}, 'same')], {});
  },
});

const isIn = operation({
  keras: 'numpy.IsIn',
  call: 'x1 x2',
  doc: 'true where an element of x1 is one of x2',
  lower(call) {
    const { layer } = call;
    const [x, among] = call.together(['x1', 'x2']) as [Value, Value];
    const column = layer.op('reshape', [x], { shape: [...x.type.shape, 1] }, 'column');
    const row = layer.op('reshape', [among], { shape: [null] }, 'among');
    const found = layer.op('any', [layer.op('equal', [column, row], {}, 'same')], { axes: [x.type.shape.length] }, 'found');
    return call.flag('invert', false) ? layer.op('logicalNot', [found], {}) : found;
  },
});

export const comparison: readonly Operation[] = [
  compare('equal', 'numpy.Equal', 'math.equal equal __operators__.eq', 'Equal', 'x1 == x2'),
  compare('notEqual', 'numpy.NotEqual', 'math.not_equal not_equal __operators__.ne', 'NotEqual', 'x1 != x2'),
  compare('greater', 'numpy.Greater', 'math.greater greater __operators__.gt', 'Greater', 'x1 > x2'),
  compare('greaterEqual', 'numpy.GreaterEqual', 'math.greater_equal greater_equal __operators__.ge', 'GreaterEqual', 'x1 >= x2'),
  compare('less', 'numpy.Less', 'math.less less __operators__.lt', 'Less', 'x1 < x2'),
  compare('lessEqual', 'numpy.LessEqual', 'math.less_equal less_equal __operators__.le', 'LessEqual', 'x1 <= x2'),
  logical('logicalAnd', 'numpy.LogicalAnd', 'math.logical_and logical_and __operators__.and', 'LogicalAnd', 'true where both are'),
  logical('logicalOr', 'numpy.LogicalOr', 'math.logical_or logical_or __operators__.or', 'LogicalOr', 'true where one is'),
  logical('notEqual', 'numpy.LogicalXor', 'math.logical_xor __operators__.xor', 'LogicalXor', 'true where one is and the other not'),
  not,
  where,
  select,
  isClose,
  isIn,
];
