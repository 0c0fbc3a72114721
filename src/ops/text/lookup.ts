import { elements } from '../../ir/types.ts';
import { boolean, either, integer, nullable, object, string, withDefault } from '../../schema/build.ts';
import { code, runtime, tensorType } from '../code.ts';
import { at, free, mismatch, op, takes } from '../row.ts';

/** A table lookup has no kernel in tfjs: the module's own runtime does it, over values in memory. */
export const lookup = op({
  doc: 'the index of each element among the keys, which the second operand holds and which count from `first`',
  attrs: object({
    first: integer({ minimum: 0 }),
    /** The index of what is no key; null is an error when it runs. */
    missing: nullable(integer()),
    /** Integers that are no keys are spread over so many indices from `missing` on, by their remainder. */
    buckets: withDefault(integer({ minimum: 1 }), 1),
    /** An element with an index of its own, `masked`. */
    mask: withDefault(nullable(either(string, integer())), null),
    masked: withDefault(integer(), -1),
  }),
  arity: 2,
  infer(operands, { buckets, missing, mask }) {
    takes(['str', 'i32'], 'lookup', operands);
    const [x, keys] = [at(operands, 0), at(operands, 1)];
    if (x.dtype !== keys.dtype || keys.shape.length !== 1) mismatch('lookup takes keys of rank 1 and the dtype of the elements', operands);
    if (buckets > 1 && (x.dtype !== 'i32' || missing === null)) mismatch('lookup spreads integers alone over several indices', operands);
    if (mask !== null && (typeof mask === 'string') !== (x.dtype === 'str'))
      mismatch('lookup takes a mask of the dtype of the elements', operands);
    return { dtype: 'i32', shape: x.shape };
  },
  cost: (_, results) => elements(at(results, 0).shape),
  kernels: [],
  emit({ args, attrs: { first, missing, buckets, mask, masked }, results }) {
    const spread = buckets === 1 ? code`` : code`, buckets: ${buckets}`;
    const masking = mask === null ? code`` : code`, mask: [${mask}, ${masked}]`;
    const options = code`{ first: ${first}, missing: ${missing}${spread}${masking} }`;
    return code`${runtime('lookUp')}(${at(args, 0)}, ${at(args, 1)}, ${options}) as ${tensorType(at(results, 0).shape.length)}`;
  },
});

export const wordsAt = op({
  doc: 'the text of the second operand that each index names; `missing` for an index that names none',
  attrs: object({ missing: string }),
  arity: 2,
  infer(operands) {
    const [indices, words] = [at(operands, 0), at(operands, 1)];
    if (indices.dtype !== 'i32' || words.dtype !== 'str' || words.shape.length !== 1)
      mismatch('wordsAt takes i32 indices and texts', operands);
    return { dtype: 'str', shape: indices.shape };
  },
  cost: free,
  kernels: [],
  emit: ({ args, attrs: { missing }, results }) =>
    code`${runtime('wordsAt')}(${at(args, 0)}, ${at(args, 1)}, ${missing}) as ${tensorType(at(results, 0).shape.length)}`,
});

export const countAlong = op({
  doc: 'how often each of 0...depth - 1 stands along an axis, or that it does (`binary`), along a new last axis instead',
  attrs: object({ axis: integer({ minimum: 0 }), depth: integer({ minimum: 1 }), binary: withDefault(boolean, false) }),
  arity: 1,
  infer(operands, { axis, depth }) {
    takes(['i32'], 'countAlong', operands);
    const { shape } = at(operands, 0);
    if (axis >= shape.length) mismatch(`countAlong: there is no axis ${axis}`, operands);
    return { dtype: 'f32', shape: [...shape.slice(0, axis), ...shape.slice(axis + 1), depth] };
  },
  cost: ([x]) => elements(x?.shape ?? []),
  kernels: [],
  emit: ({ args, attrs: { axis, depth, binary }, results }) =>
    code`${runtime('countAlong')}(${at(args, 0)}, ${axis}, ${depth}, ${binary}) as ${tensorType(at(results, 0).shape.length)}`,
});
