import { fail } from '../diagnostics/error.ts';
import { LOGITS, MASK, type Output, PENALTY, type Value } from '../ir/program.ts';
import { BATCH, baseOf, type Dim, factorOf } from '../ir/types.ts';
import type { ModelOutput, Origin } from '../model/graph.ts';
import type { Builder } from './builder.ts';
import { type Frame, type Lowerer, type Regularized, resolve } from './frame.ts';
import { penaltyOf } from './regularizers.ts';

/** What `evaluate` needs to know of a program beside its outputs. */
export interface Evaluated {
  /** Keys of the outputs that have a loss or metrics. */
  readonly outputs: ReadonlySet<string>;
  /** Those of them whose cross-entropy Keras computes from what their softmax or sigmoid was given. */
  readonly fromLogits: ReadonlySet<string>;
  /** False where the model's writer leaves regularizers, or masks, out of what it reports. */
  readonly penalties: boolean;
  readonly masks: boolean;
}

/**
 * Outputs for `evaluate` alone: logits, masks, and what regularizers add to the loss.
 * @param unknown is given the layers whose regularizers skipc does not know
 * @throws SkipcError `key-duplicate` where an output of the program is called as one of them
 */
export function evaluationOutputs(
  lowerer: Lowerer,
  frame: Frame,
  outputs: readonly ModelOutput[],
  evaluated: Evaluated,
  unknown: Set<string>,
): Output[] {
  const found: Output[] = [];
  const taken = new Set(outputs.map(({ key }) => key));
  const add = (key: string, value: Value): void => {
    if (taken.has(key)) fail('key-duplicate', { key, what: 'output' });
    taken.add(key);
    found.push({ key, value: value.name, only: 'evaluate' });
  };
  for (const { key, tensor } of outputs.filter(({ key }) => evaluated.outputs.has(key))) {
    const made = lowerer.builder.madeBy(resolve(frame, tensor));
    const [logits] = made?.operands ?? [];
    if (evaluated.fromLogits.has(key) && logits !== undefined && (made?.op === 'softmax' || made?.op === 'sigmoid'))
      add(key + LOGITS, logits);
    const mask = frame.masks.get(tensor);
    if (evaluated.masks && mask !== undefined) add(key + MASK, mask);
  }
  if (!evaluated.penalties) return found;
  const [first] = outputs;
  const batch = first && resolve(frame, first.tensor).type.shape[0];
  for (const of of ['weights', 'activity'] as const) {
    const sum = total(lowerer, of, batch, frame.origin, unknown);
    if (sum !== null) add(PENALTY[of], sum);
  }
  return found;
}

/** The sum of all penalties of one kind, null where there are none: a scalar for weights, a number a sample for activities. */
function total(
  { builder, regularized }: Lowerer,
  of: Regularized['of'],
  batch: Dim | undefined,
  origin: Origin,
  unknown: Set<string>,
): Value | null {
  let sum: Value | null = null;
  for (const { value, regularizer, layer } of regularized.filter((each) => each.of === of)) {
    builder.enter(layer, layer);
    const x = of === 'activity' ? samplesOf(builder, value, batch, origin) : value;
    const axes = (x ?? value).type.shape.flatMap((_, axis) => (of === 'activity' && axis === 0 ? [] : [axis]));
    const penalty =
      x === null
        ? undefined
        : penaltyOf(builder, x, regularizer, axes, of === 'activity' ? 'activity' : value.name.slice(value.name.lastIndexOf('/') + 1));
    if (penalty === undefined) unknown.add(layer);
    if (penalty === undefined || penalty === null) continue;
    sum = sum === null ? penalty : (builder.ops('add', [sum, penalty], {}, `${of}_penalties`)[0] as Value);
  }
  return sum;
}

/**
 * An activity as one tensor of samples, null where it is none. Keras 3 divides what it finds at each step of TimeDistributed by the size of
 * the batch: there the steps of a sample are added up.
 */
function samplesOf(builder: Builder, value: Value, batch: Dim | undefined, { keras }: Origin): Value | null {
  const [first, ...rest] = value.type.shape;
  if (first === batch) return value;
  if (keras !== 3 || batch !== BATCH || typeof first !== 'string' || baseOf(first) !== BATCH) return null;
  return builder.ops('reshape', [value], { shape: [BATCH, factorOf(first), ...rest] }, 'steps')[0] as Value;
}
