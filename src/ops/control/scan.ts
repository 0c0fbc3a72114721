import { type Dim, elements, isKnown, mayEqualShapes, type TensorType } from '../../ir/types.ts';
import { boolean, integer, object, withDefault } from '../../schema/build.ts';
import { at, free, mismatch, op } from '../row.ts';

/**
 * A loop over the steps of sequences, as `jax.lax.scan` and ONNX's Scan are. Operands are the sequences, [batch, steps, ...], then
 * what is carried from step to step, then whatever else the body reads. The body's parameters are a slice of each sequence, [batch, ...],
 * and what is carried; it yields what is carried on and then what is collected. Results are what was carried at the end, then what was
 * collected, [batch, steps, ...]. With `reverse` it goes from the last step to the first, and still collects in the order of the steps.
 */
export const scan = op({
  doc: 'a loop over the steps of sequences, which carries values on and collects others',
  attrs: object({
    sequences: integer({ minimum: 1 }),
    carried: integer({ minimum: 0 }),
    reverse: withDefault(boolean, false),
  }),
  arity: null,
  infer(operands, { sequences, carried }, body) {
    if (operands.length < sequences + carried) mismatch(`a scan of ${sequences} sequences that carries ${carried} values`, operands);
    const steps = stepsOf(operands.slice(0, sequences));
    const given = [...operands.slice(0, sequences).map(sliceOf), ...operands.slice(sequences, sequences + carried)];
    const { params, yields } = body ?? { params: [], yields: [] };
    if (params.length !== given.length || !given.every((type, i) => fits(type, params[i]))) mismatch('the step of a scan takes', params);
    if (yields.length < carried || yields.length === 0) mismatch(`a scan that carries ${carried} values yields`, yields);
    const carriedOn = yields.slice(0, carried);
    if (!carriedOn.every((type, i) => fits(type, params[sequences + i]))) mismatch('a scan carries on', carriedOn);
    return [
      ...params.slice(sequences),
      ...yields.slice(carried).map(({ dtype, shape: [batch = 1, ...rest] }) => ({ dtype, shape: [batch, steps, ...rest] })),
    ];
  },
  cost: free,
  steps: (operands) => elements([at(operands, 0).shape[1] ?? 1]),
  // On wasm, long sequences are split into parts first, and those of many axes relabelled.
  kernels: ['Unpack', 'SplitV', 'Reshape', 'Pack', 'Identity'],
});

/** A tensor of one step. */
function sliceOf(sequence: TensorType): TensorType {
  const [batch, steps, ...rest] = sequence.shape;
  if (batch === undefined || steps === undefined) return mismatch('a scan goes over the second axis of', [sequence]);
  return { dtype: sequence.dtype, shape: [batch, ...rest] };
}

/** The number of steps, by the first sequence that knows it. */
function stepsOf(sequences: readonly TensorType[]): Dim {
  const steps = sequences.map(({ shape }) => shape[1] ?? 1);
  const known = steps.filter(isKnown);
  if (new Set(known).size > 1) mismatch('a scan goes over sequences of one length', sequences);
  return known[0] ?? (steps[0] as Dim);
}

const fits = (type: TensorType, other: TensorType | undefined): boolean =>
  other !== undefined && type.dtype === other.dtype && mayEqualShapes(type.shape, other.shape);
