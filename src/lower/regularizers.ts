import type { Value } from '../ir/program.ts';
import type { OpName } from '../ops/index.ts';
import { anything, either, nullable, number, object, oneOf, record, type Static, string, withDefault } from '../schema/build.ts';
import { instanceOf } from '../schema/validate.ts';
import type { Builder } from './builder.ts';

const spec = either(string, object({ class_name: string, config: withDefault(nullable(record(anything)), {}) }));
const factor = number({ minimum: 0 });

/** Keras's own factor where the config has none: that of `L1L2` alone is zero. */
const DEFAULT = 0.01;
const sums = object({ l1: withDefault(nullable(factor), null), l2: withDefault(nullable(factor), null) });
const orthogonal = object({ factor: withDefault(factor, DEFAULT), mode: withDefault(oneOf('rows', 'columns'), 'rows') });

/**
 * What a regularizer adds to the loss (keras/src/regularizers/regularizers.py).
 * @param regularizer as a layer's config has it: a name, or a class name with a config
 * @param axes those to sum over: all of a variable's, of an activity's all but that of the samples
 * @returns null where it adds nothing, undefined where skipc does not know it
 */
export function penaltyOf(builder: Builder, x: Value, regularizer: unknown, axes: readonly number[]): Value | null | undefined {
  const given = instanceOf(spec, regularizer);
  if (given === null) return undefined;
  const { class_name: className, config } = typeof given === 'string' ? { class_name: given, config: {} } : given;
  const name = className.replaceAll('_', '').toLowerCase();
  if (name === 'orthogonalregularizer') {
    const of = instanceOf(orthogonal, config ?? {});
    return of === null ? undefined : orthogonality(builder, x, of);
  }
  const factors = instanceOf(sums, config ?? {});
  // By its name alone it is the function of that name, which has other defaults than the class.
  const absent = name === 'l1l2' && typeof given !== 'string' ? 0 : DEFAULT;
  if (factors === null || (name !== 'l1' && name !== 'l2' && name !== 'l1l2')) return undefined;
  return sumsOf(builder, x, name === 'l2' ? 0 : (factors.l1 ?? absent), name === 'l1' ? 0 : (factors.l2 ?? absent), axes);
}

/** l1 sum |x| + l2 sum x^2 */
function sumsOf(builder: Builder, x: Value, l1: number, l2: number, axes: readonly number[]): Value | null | undefined {
  // Keras on TensorFlow multiplies no integers by a factor.
  if (x.type.dtype !== 'f32') return undefined;
  const parts = (
    [
      ['abs', l1],
      ['square', l2],
    ] as const
  ).filter(([, factor]) => factor !== 0);
  const penalties = parts.map(([name, factor]) => {
    const each = one(builder, name, [x], {}, 'penalty');
    const sum = axes.length === 0 ? each : one(builder, 'sum', [each], { axes }, 'penalty');
    return one(builder, 'mul', [sum, constant(builder, factor)], {}, 'penalty');
  });
  const [first = null, second] = penalties;
  return first === null || second === undefined ? first : one(builder, 'add', [first, second], {}, 'penalty');
}

/** factor times the mean |cosine| of two different rows, or columns. */
function orthogonality(builder: Builder, x: Value, { factor, mode }: Static<typeof orthogonal>): Value | null | undefined {
  const [rows, columns] = x.type.shape;
  const size = mode === 'rows' ? rows : columns;
  if (x.type.shape.length !== 2 || typeof size !== 'number') return undefined;
  if (size < 2 || factor === 0) return null;
  const squares = one(builder, 'square', [x], {}, 'penalty');
  const norm = one(builder, 'sum', [squares], { axes: [mode === 'rows' ? 1 : 0], keepDims: true }, 'penalty');
  const floor = constant(builder, SMALLEST_NORM ** 2);
  const scale = one(builder, 'rsqrt', [one(builder, 'maximum', [norm, floor], {}, 'penalty')], {}, 'penalty');
  const normal = one(builder, 'mul', [x, scale], {}, 'penalty');
  const other = one(builder, 'transpose', [normal], { perm: [1, 0] }, 'penalty');
  const cosines = one(builder, 'matMul', mode === 'rows' ? [normal, other] : [other, normal], {}, 'penalty');
  const all = one(builder, 'sum', [one(builder, 'abs', [cosines], {}, 'penalty')], { axes: [0, 1] }, 'penalty');
  // A row's cosine with itself is the square of its length, which is 1 or, for zeros, 0.
  const own = one(builder, 'sum', [one(builder, 'square', [normal], {}, 'penalty')], { axes: [0, 1] }, 'penalty');
  const others = one(builder, 'sub', [all, own], {}, 'penalty');
  return one(builder, 'mul', [others, constant(builder, factor / (size * (size - 1)))], {}, 'penalty');
}

/** Below this length a row is taken for zeros. */
const SMALLEST_NORM = 1e-7;

const one = <N extends OpName>(
  builder: Builder,
  name: N,
  operands: readonly Value[],
  attrs: Parameters<typeof builder.ops<N>>[2],
  role: string,
): Value => builder.ops(name, operands, attrs, role)[0] as Value;

const constant = (builder: Builder, value: number): Value =>
  one(builder, 'constant', [], { values: [value], shape: [], dtype: 'f32' }, 'factor');
