import fc from 'fast-check';
import type { Attrs, Op, Program, Value, Weight } from '../src/ir/program.ts';
import { elements, type TensorType } from '../src/ir/types.ts';
import { opRow } from '../src/ops/index.ts';
import type { InferredType } from '../src/ops/row.ts';
import { fillDefaults } from '../src/schema/build.ts';

/** One op: which, of which values, and how. Numbers that are too large wrap around. */
type Step = readonly [kind: number, first: number, second: number, size: number, flag: boolean];

const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(99), fc.boolean());
const pick = <T>(items: readonly T[], index: number): T => items[index % items.length] as T;

const TO_FIRST = [0, 3, 1, 2];
const TO_LAST = [0, 2, 3, 1];
const PERMS = [TO_FIRST, TO_LAST, TO_FIRST, TO_LAST, [0, 2, 1, 3], [0, 3, 2, 1], [0, 1, 3, 2]];
/** Ops that keep the largest the largest, and whose results differ little where their operands do. */
const UNARY = ['relu', 'relu6', 'sigmoid', 'tanh', 'neg', 'abs', 'elu', 'square'];
const BINARY = ['add', 'sub', 'mul', 'maximum', 'minimum'];

/** Writes a program down, op by op. All its values are f32 of rank 4, but for what ends a branch. */
class Writer {
  readonly values: Value[];
  readonly weights: Weight[] = [];
  readonly ops: Op[] = [];
  readonly ends: string[] = [];

  constructor(inputs: readonly Value[]) {
    this.values = [...inputs];
  }

  weight(shape: readonly number[]): string {
    const layer = `w${this.weights.length}`;
    const name = `@${layer}/kernel`;
    const type: TensorType = { dtype: 'f32', shape };
    this.weights.push({ name, type, layer, variable: 'kernel', position: this.weights.length, frozen: false });
    return name;
  }

  op(name: string, operands: readonly string[], attrs: Attrs = {}): readonly Value[] {
    const row = opRow(name);
    if (row === undefined) throw new Error(`no op ${name}`);
    const known = [...this.values, ...this.weights, ...this.ops.flatMap(({ results }) => results)];
    const types = operands.map((operand) => known.find((value) => value.name === operand)?.type as TensorType);
    const inferred = row.infer(types, fillDefaults(row.attrs, attrs));
    const results = (Array.isArray(inferred) ? inferred : [inferred]).map(
      (type: InferredType, i): Value => ({ name: `%v${this.ops.length}${i > 0 ? `:${i}` : ''}`, type: type as TensorType }),
    );
    this.ops.push({ op: name, operands, attrs, results, layers: [`l${this.ops.length}`], stage: 'suffix' });
    return results;
  }

  step([kind, first, second, size, flag]: Step): void {
    const x = pick(this.values, first);
    const shape = x.type.shape as readonly [string, number, number, number];
    const alike = this.values.filter(({ type }) => type.shape.join() === shape.join());
    const other = pick(alike, second);
    const axis = 1 + (size % 3);
    const keep = (...made: readonly Value[]): void => void this.values.push(...made);
    const one = (name: string, operands: readonly string[], attrs?: Attrs): Value => this.op(name, operands, attrs)[0] as Value;
    const zeros = [0, 1, 2, 3].map((i) => (i === axis ? [size % 2, 1] : [0, 0]));
    const broadcast = pick<readonly number[]>(
      [[shape[3]], [shape[1], 1, 1], [shape[2], 1], [], [1, 1, 1, 1], shape.slice(1) as number[]],
      second,
    );
    const cases: readonly (() => void)[] = [
      () => keep(one('transpose', [x.name], { perm: pick(PERMS, size) })),
      () => keep(one('transpose', [x.name], { perm: pick(PERMS, size) })),
      () => keep(one(pick(UNARY, size), [x.name])),
      () => keep(one(pick(BINARY, size), flag ? [x.name, other.name] : [other.name, x.name])),
      () => {
        const fixed = this.weight(broadcast);
        keep(one(pick(BINARY, size), flag ? [x.name, fixed] : [fixed, x.name]));
      },
      () => {
        const number = one('constant', [], { values: [size % 2], shape: [], dtype: 'f32' });
        keep(one(pick(['add', 'sub', 'mul', 'maximum'], second), [x.name, number.name]));
      },
      () => (shape[axis] as number) < 7 && keep(one('concat', flag ? [x.name, other.name] : [other.name, x.name, x.name], { axis })),
      () => {
        if (shape[axis] === 1) return;
        const parts = this.op('split', [x.name], { sizes: [1, (shape[axis] as number) - 1], axis });
        keep(...parts);
        if (flag)
          keep(
            one(
              'concat',
              parts.map(({ name }) => name),
              { axis },
            ),
          );
      },
      () => (shape[axis] as number) < 7 && keep(one('pad', [x.name], { paddings: zeros, value: flag ? 0 : 1.5 })),
      () => {
        if (shape[axis] === 1) return;
        const begin = [0, 1, 2, 3].map((i) => (i === axis && flag ? 1 : 0));
        keep(one('slice', [x.name], { begin, size: [0, 1, 2, 3].map((i) => (i === axis && !flag ? (shape[axis] as number) - 1 : null)) }));
      },
      () => keep(one(pick(['mean', 'max', 'sum', 'min'], size), [x.name], { axes: flag ? [2, 3] : [axis], keepDims: true })),
      () => this.ends.push(one(pick(['mean', 'max'], size), [x.name], { axes: flag ? [2, 3] : [axis] }).name),
      () => keep(one('softmax', [x.name])),
      () => keep(one('where', [one('greater', [x.name, this.weight([])]).name, x.name, x.name])),
      () => keep(one('clipByValue', [x.name], { min: 0, max: flag ? 6 : 1 })),
      () => keep(one('leakyRelu', [x.name], { alpha: flag ? 0.25 : -0.5 })),
      () => keep(one('prelu', [x.name, this.weight(broadcast)])),
      () => {
        if (shape[1] < 2 || shape[2] < 2) return;
        keep(
          one(flag ? 'maxPool' : 'avgPool', [x.name], {
            window: [2, 2],
            strides: size % 2 ? [2, 2] : [1, 1],
            pad: size % 3 ? 'same' : 'valid',
          }),
        );
      },
      () => {
        const window = flag ? [1, 1] : [2, 2];
        const kernels = Array.from({ length: 1 + (size % 3) }, (_, i) => this.weight([...window, shape[3], 1 + ((size + i) % 3)]));
        for (const kernel of kernels) keep(one('conv2d', [x.name, kernel], { strides: [1, 1], pad: 'same' }));
      },
      () => {
        const flat = one('reshape', [x.name], { shape: [shape[0], elements(shape.slice(1))] });
        const kernels = Array.from({ length: 1 + (size % 2) }, () => this.weight([elements(shape.slice(1)), 3]));
        this.ends.push(...kernels.map((kernel) => one('matMul', [flat.name, kernel]).name));
      },
    ];
    pick(cases, kind)();
  }
}

/** Small valid programs of the ops that rewrites turn, join and put elsewhere, with some of their values as outputs. */
export const randomPrograms: fc.Arbitrary<Program> = fc
  .tuple(fc.array(step, { minLength: 3, maxLength: 16 }), fc.nat(99), fc.boolean())
  .map(([steps, seed, hasMore]): Program => {
    const inputs = ['x', 'y'].map((key, i) => ({
      name: `%${key}`,
      key,
      type: { dtype: 'f32' as const, shape: i === 0 ? ['?', 4, 3, 2] : ['?', 2, 4, 3] },
    }));
    const writer = new Writer(inputs);
    for (const each of steps) writer.step(each);
    const last = writer.values.at(-1) as Value;
    const names = new Set([last.name, ...writer.ends, ...(hasMore ? [pick(writer.values, seed).name] : [])]);
    const outputs = [...names].map((value) => ({ key: value.slice(1), value }));
    return { name: 'p', model: 'm', inputs, weights: writer.weights, ops: writer.ops, outputs, cuts: [], features: null };
  });
