import { elements } from '../../ir/types.ts';
import { array, either, integer, nullable, number, object, string, withDefault } from '../../schema/build.ts';
import { code, runtime, tensorType } from '../code.ts';
import { at, mismatch, op, takes } from '../row.ts';

/** Multiplications and shifts of one hash, roughly. */
const PER_HASH = 32;

/** The largest integer of tfjs's one integer type. */
const MOST_BINS = 2 ** 31 - 1;

export const hash = op({
  doc: "a bin for each element by a hash of its text: FarmHash's Fingerprint64, or SipHash under a salt; bin 0 is the mask's, where there is one",
  attrs: object({
    bins: integer({ minimum: 1, maximum: MOST_BINS }),
    salt: withDefault(nullable(array(integer(), { minItems: 2, maxItems: 2 })), null),
    mask: withDefault(nullable(either(string, number())), null),
  }),
  arity: 1,
  infer(operands, { bins, mask }) {
    takes(['str', 'i32', 'f32'], 'hash', operands);
    const x = at(operands, 0);
    if (mask !== null && bins === 1) mismatch('hash takes two bins or more where one is the mask', operands);
    if (mask !== null && (typeof mask === 'string') !== (x.dtype === 'str'))
      mismatch('hash takes a mask of the dtype of the elements', operands);
    return { dtype: 'i32', shape: x.shape };
  },
  cost: (_, results) => PER_HASH * elements(at(results, 0).shape),
  kernels: [],
  emit: ({ args, attrs: { bins, salt, mask }, results }) =>
    code`${runtime('hashBins')}(${at(args, 0)}, ${bins}, ${salt}, ${mask}) as ${tensorType(at(results, 0).shape.length)}`,
});

export const crossHash = op({
  doc: 'a bin for what stands in the same place of all operands, as cross_hashed of TensorFlow gives it',
  attrs: object({ bins: integer({ minimum: 1, maximum: MOST_BINS }) }),
  arity: null,
  infer(operands) {
    takes(['str', 'i32'], 'crossHash', operands);
    const { shape } = at(operands, 0);
    if (operands.some((operand) => operand.shape.join() !== shape.join())) mismatch('crossHash takes tensors of one shape', operands);
    return { dtype: 'i32', shape };
  },
  cost: (operands, results) => PER_HASH * operands.length * elements(at(results, 0).shape),
  kernels: [],
  emit: ({ args, attrs: { bins }, results }) =>
    code`${runtime('crossBins')}(${args}, ${bins}) as ${tensorType(at(results, 0).shape.length)}`,
});
