import type { Value } from '../ir/program.ts';
import type { AttrsGiven, OpName } from '../ops/index.ts';
import { anything, either, nullable, number, object, oneOf, record, type Static, string, withDefault } from '../schema/build.ts';
import { instanceOf } from '../schema/validate.ts';
import type { Builder } from './builder.ts';

const spec = either(string, object({ class_name: string, config: withDefault(nullable(record(anything)), {}) }));
const factor = number({ minimum: 0 });

/** Keras's own factor where the config has none: that of `L1L2` alone is zero. */
const DEFAULT = 0.01;
const sums = object({ l1: withDefault(nullable(factor), null), l2: withDefault(nullable(factor), null) });
const orthogonal = object({ factor: withDefault(factor, DEFAULT), mode: withDefault(oneOf('rows', 'columns'), 'rows') });

/** A tensor that is regularized, and the ops that are made of it. */
class Penalized {
  readonly x: Value;
  readonly #builder: Builder;
  readonly #name: string;

  /** @param name what the ops are called after */
  constructor(builder: Builder, x: Value, name: string) {
    this.x = x;
    this.#builder = builder;
    this.#name = name;
  }

  op<N extends OpName>(op: N, operands: readonly Value[], attrs: AttrsGiven<N>, role: string): Value {
    return this.#builder.ops(op, operands, attrs, `${this.#name}_${role}`)[0] as Value;
  }

  times(x: Value, factor: number, role: string): Value {
    const constant = this.op('constant', [], { values: [factor], shape: [], dtype: 'f32' }, `${role}_factor`);
    return this.op('mul', [x, constant], {}, role);
  }
}

/**
 * What a regularizer adds to the loss (keras/src/regularizers/regularizers.py).
 * @param regularizer as a layer's config has it: a name, or a class name with a config
 * @param axes those to sum over: all of a variable's, of an activity's all but that of the samples
 * @param name what the ops are called after
 * @returns null where it adds nothing, undefined where skipc does not know it
 */
export function penaltyOf(
  builder: Builder,
  x: Value,
  regularizer: unknown,
  axes: readonly number[],
  name: string,
): Value | null | undefined {
  const given = instanceOf(spec, regularizer);
  if (given === null) return undefined;
  const { class_name: className, config } = typeof given === 'string' ? { class_name: given, config: {} } : given;
  const kind = className.replaceAll('_', '').toLowerCase();
  const penalized = new Penalized(builder, x, name);
  if (kind === 'orthogonalregularizer') {
    const of = instanceOf(orthogonal, config ?? {});
    return of === null ? undefined : orthogonality(penalized, of);
  }
  const factors = instanceOf(sums, config ?? {});
  // By its name alone it is the function of that name, which has other defaults than the class.
  const absent = kind === 'l1l2' && typeof given !== 'string' ? 0 : DEFAULT;
  if (factors === null || (kind !== 'l1' && kind !== 'l2' && kind !== 'l1l2')) return undefined;
  return sumsOf(penalized, kind === 'l2' ? 0 : (factors.l1 ?? absent), kind === 'l1' ? 0 : (factors.l2 ?? absent), axes);
}

/** l1 sum |x| + l2 sum x^2 */
function sumsOf(of: Penalized, l1: number, l2: number, axes: readonly number[]): Value | null | undefined {
  // Keras on TensorFlow multiplies no integers by a factor.
  if (of.x.type.dtype !== 'f32') return undefined;
  const sum = (op: 'abs' | 'square', factor: number, role: string): Value[] => {
    if (factor === 0) return [];
    const each = of.op(op, [of.x], {}, op);
    return [of.times(axes.length === 0 ? each : of.op('sum', [each], { axes }, `${op}_sum`), factor, role)];
  };
  const [first = null, second] = [...sum('abs', l1, 'l1'), ...sum('square', l2, 'l2')];
  return first === null || second === undefined ? first : of.op('add', [first, second], {}, 'l1_l2');
}

/** factor times the mean |cosine| of two different rows, or columns. */
function orthogonality(of: Penalized, { factor, mode }: Static<typeof orthogonal>): Value | null | undefined {
  const { x } = of;
  const [rows, columns] = x.type.shape;
  const size = mode === 'rows' ? rows : columns;
  if (x.type.shape.length !== 2 || typeof size !== 'number') return undefined;
  if (size < 2 || factor === 0) return null;
  const squares = of.op('sum', [of.op('square', [x], {}, 'square')], { axes: [mode === 'rows' ? 1 : 0], keepDims: true }, 'norm_square');
  const floor = of.op('constant', [], { values: [SMALLEST_NORM ** 2], shape: [], dtype: 'f32' }, 'norm_floor');
  const scale = of.op('rsqrt', [of.op('maximum', [squares, floor], {}, 'norm_raised')], {}, 'inverse_norm');
  const normal = of.op('mul', [x, scale], {}, 'normal');
  const other = of.op('transpose', [normal], { perm: [1, 0] }, 'normal_transposed');
  const cosines = of.op('matMul', mode === 'rows' ? [normal, other] : [other, normal], {}, 'cosines');
  const all = of.op('sum', [of.op('abs', [cosines], {}, 'cosines_abs')], { axes: [0, 1] }, 'cosines_sum');
  // A row's cosine with itself is the square of its length, which is 1 or, for zeros, 0.
  const own = of.op('sum', [of.op('square', [normal], {}, 'normal_square')], { axes: [0, 1] }, 'own_sum');
  return of.times(of.op('sub', [all, own], {}, 'other_cosines'), factor / (size * (size - 1)), 'orthogonality');
}

/** Below this length a row is taken for zeros. */
const SMALLEST_NORM = 1e-7;
