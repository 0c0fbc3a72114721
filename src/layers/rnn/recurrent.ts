import type { Value } from '../../ir/program.ts';
import { isKnown, type Shape } from '../../ir/types.ts';
import { type Arg, tensorsIn } from '../../model/graph.ts';
import { anything, boolean, nullable, optional, withDefault } from '../../schema/build.ts';
import type { Lowering } from '../row.ts';
import { refuseTraining } from '../training.ts';
import type { Cell, CellState, StateLayout } from './cell.ts';
import { fold, unfold } from './steps.ts';

/** What the configs of all recurrent layers have in common. `unroll` and `implementation` say how Keras computes, not what. */
export const recurrentConfig = {
  return_sequences: withDefault(nullable(boolean), false),
  return_state: withDefault(nullable(boolean), false),
  go_backwards: withDefault(nullable(boolean), false),
  stateful: withDefault(nullable(boolean), false),
  unroll: withDefault(nullable(boolean), false),
  zero_output_for_mask: withDefault(nullable(boolean), false),
  time_major: withDefault(nullable(boolean), false),
  num_constants: optional(anything),
};

export interface RecurrentConfig {
  readonly return_sequences: boolean | null;
  readonly return_state: boolean | null;
  readonly go_backwards: boolean | null;
  readonly stateful: boolean | null;
  readonly unroll: boolean | null;
  readonly zero_output_for_mask: boolean | null;
  readonly time_major: boolean | null;
  readonly num_constants?: unknown;
}

/**
 * A recurrent layer: its cell at each step of a sequence, [batch, steps, ...].
 * @param cellFor makes the cell for the shape of one step, without the batch
 * @returns the output, of the last step or of all, and with `return_state` the states behind the last step
 */
export function recurrent<C extends RecurrentConfig>(layer: Lowering<C>, cellFor: (step: Shape) => Cell): Value | readonly Value[] {
  refuseTraining(layer);
  const { return_sequences: returnsSequences, return_state, go_backwards, stateful, time_major, num_constants } = layer.config;
  if (num_constants !== undefined && num_constants !== null && num_constants !== 0) {
    return layer.unsupported('the cell is given constants beside the sequence', 'give its row as a plug-in');
  }
  if (time_major)
    return layer.unsupported('time_major puts the steps before the batch', 'put Permute layers around it and leave time_major out');
  const [batch, steps, ...step] = layer.x.type.shape;
  if (batch === undefined || steps === undefined) return layer.mismatch('a recurrent layer takes a batch of sequences', layer.x.type.shape);
  const cell = cellFor(step);
  const { enter, leave, outside } = layoutOf(cell);
  const zero = zeros(layer);
  const given = initialState(layer, cell);
  const mask = stepMask(layer, cell, maskOfSteps(layer, given !== null));
  const start = cell.states.map(({ shape }, k) => {
    // What a call hands in comes before what the layer kept, which it replaces.
    const kept = stateful ? layer.state(k, [batch, ...outside(k)]) : null;
    const value = given?.[k] ?? kept;
    return value === null ? zero([batch, ...shape]) : enter(layer.cast(value, 'f32'));
  });
  const ran = run(layer, cell, start, mask);
  const states = ran.states.map((state) => leave(state, 1));

  if (stateful) for (const [k, state] of states.entries()) layer.keepState(k, state);
  layer.giveMask(returnsSequences ? layer.mask() : null);
  let output = ran.outputs ?? ran.last;
  if (mask !== null) output = maskedOutput(layer, output, mask, given !== null || stateful === true, zero);
  // Keras returns a sequence that was gone through backwards as it was gone through.
  if (ran.outputs !== null && go_backwards) output = layer.op('reverse', [output], { axes: [1] }, 'backwards');
  if (mask !== null && zeroedBehind(layer.config)) output = layer.op('where', [mask, output, zero(output.type.shape)], {}, 'zeroed');
  output = leave(output, ran.outputs === null ? 1 : 2);
  return return_state ? [output, ...states] : output;
}

/**
 * Runs the loop. At a step that is masked, the states stay as they are.
 * @returns the outputs of all steps in their order, null where nobody asks for them, the last output and the last states
 */
function run<C extends RecurrentConfig>(layer: Lowering<C>, cell: Cell, start: readonly Value[], mask: Value | null): Ran {
  const collects = layer.config.return_sequences === true;
  const projected = cell.project(layer.x).map((sequence, i) => [sequence, i === 0 ? 'x' : `x_${i}`] as const);
  const ended = layer.scan(
    {
      sequences: mask === null ? projected : [...projected, [mask, 'mask'] as const],
      carried: start.map((value, k) => [value, cell.states[k]?.role ?? 'state'] as const),
      reverse: layer.config.go_backwards === true,
    },
    'steps',
    (slices, before) => {
      const made = cell.step(slices.slice(0, projected.length), before);
      const states = made.map((value, k) =>
        mask === null ? value : layer.op('where', [slices.at(-1) as Value, value, before[k] as Value], {}, `${cell.states[k]?.role}_kept`),
      );
      return { carried: states, collected: collects ? [states[cell.output] as Value] : [] };
    },
  );
  return { outputs: ended.collected[0] ?? null, last: ended.carried[cell.output] as Value, states: ended.carried };
}

interface Ran {
  readonly outputs: Value | null;
  readonly last: Value;
  readonly states: readonly Value[];
}

/**
 * The output under a mask. That of a masked step is that of the step before, and zero before the first that counts, whatever the states
 * start from; with `zero_output_for_mask` it is always zero. The loop gives the state in its place, which is the same but for the zeros.
 * @param output of all steps, or of the last
 */
function maskedOutput<C extends RecurrentConfig>(
  layer: Lowering<C>,
  output: Value,
  mask: Value,
  startsElsewhere: boolean,
  zero: (shape: Shape) => Value,
): Value {
  const { return_sequences, go_backwards, zero_output_for_mask } = layer.config;
  const zeroes = zero_output_for_mask === true && !zeroedBehind(layer.config);
  if (!zeroes && !startsElsewhere) return output;
  const counts =
    return_sequences === true
      ? zeroes
        ? mask
        : seenBy(layer, mask)
      : zeroes
        ? lastStep(layer, mask, go_backwards === true)
        : layer.op('any', [mask], { axes: [1] }, 'seen');
  return layer.op('where', [counts, output, zero(output.type.shape)], {}, 'output');
}

/** True from the first step on that counts, in the order of the loop. */
function seenBy<C extends RecurrentConfig>(layer: Lowering<C>, mask: Value): Value {
  const reverse = layer.config.go_backwards === true;
  const count = layer.op('cumsum', [layer.cast(mask, 'f32')], { axis: 1, reverse }, 'count');
  return layer.op('greater', [count, layer.scalar(0, 'none')], {}, 'seen');
}

/** What a mask says of the step that the loop comes to last. */
function lastStep(layer: Lowering, mask: Value, isReversed: boolean): Value {
  const [batch = 1, , ...sizes] = mask.type.shape;
  const fromLast = isReversed ? mask : layer.op('reverse', [mask], { axes: [1] }, 'from_last');
  const size = mask.type.shape.map((_, axis) => (axis === 1 ? 1 : null));
  const last = layer.op('slice', [fromLast], { begin: size.map(() => 0), size }, 'last');
  return layer.op('reshape', [last], { shape: [batch, ...sizes] }, 'last');
}

/** Unrolled, Keras zeroes the outputs of masked steps all together behind the loop, by the mask in the order of the steps. */
const zeroedBehind = ({ unroll, go_backwards, return_sequences, zero_output_for_mask }: RecurrentConfig): boolean =>
  unroll === true && go_backwards === true && return_sequences === true && zero_output_for_mask === true;

/**
 * The mask that a recurrent layer goes by. Keras 3 fills it in for layers that are called with one tensor alone: beside initial states,
 * only a mask that the call itself names counts.
 */
export function maskOfSteps(layer: Lowering, isGivenStates: boolean): Value | null {
  const isNamed = tensorsIn(layer.kwargs['mask'] ?? null).length > 0;
  return layer.origin.keras === 3 && isGivenStates && !isNamed ? null : layer.mask();
}

/**
 * The mask as large as the outputs of all steps, so that no step has to spread it. TensorFlow also takes one that says more than which
 * steps count, [batch, steps, ...], as `Masking` makes it of images: it goes by the first axes of the output.
 */
function stepMask(layer: Lowering, cell: Cell, mask: Value | null): Value | null {
  if (mask === null) return null;
  const [batch, steps, ...more] = mask.type.shape;
  const { shape } = cell.states[cell.output] as CellState;
  const sizes = cell.layout?.outside ?? shape;
  if (batch === undefined || steps === undefined || more.length > sizes.length)
    return layer.mismatch('a recurrent layer takes a mask of batch and steps', mask.type.shape);
  const isOfSteps = more.every((size) => size === 1);
  if (!isOfSteps && more.some((size, i) => size !== 1 && size !== sizes[i]))
    return layer.mismatch('a recurrent layer takes a mask of batch and steps, or of the first axes of its output', mask.type.shape);
  const withAxes = (leading: Shape, like: Shape, role: string): Value => {
    const ones = like.slice(leading.length).map(() => 1);
    return layer.op('reshape', [layer.cast(mask, 'bool')], { shape: [batch, steps, ...leading, ...ones] }, role);
  };
  if (isOfSteps || cell.layout === undefined) return spread(layer, withAxes(isOfSteps ? [] : more, shape, 'mask_axes'), shape);
  const outside = withAxes(more, sizes, 'mask_outputs');
  return spread(layer, unfold(layer, cell.layout.enter(fold(layer, outside, 'mask_outputs')), outside, 'mask_axes'), shape);
}

/** A mask whose axes behind the steps are 1 or those of a state, repeated so that all are the state's. */
function spread(layer: Lowering, mask: Value, shape: Shape): Value {
  const sizes = mask.type.shape.slice(2);
  const reps = shape.map((size, i) => (sizes[i] === size || !isKnown(size) ? 1 : size));
  return layer.op('tile', [mask], { reps: [1, 1, ...reps] }, 'mask_steps');
}

/** The states that the call hands in: by name, or behind the sequence in one list. */
function initialState(layer: Lowering, cell: Cell): readonly Value[] | null {
  const named: Arg = layer.kwargs['initial_state'] ?? null;
  const values = named === null ? layer.inputs.slice(1) : tensorsIn(named).map((tensor) => layer.value(tensor));
  if (values.length === 0) return null;
  if (values.length !== cell.states.length) {
    return layer.mismatch(`the layer has ${cell.states.length} states`, `${values.length} initial states`);
  }
  return values;
}

/** What turns states and outputs to the layout of the loop and back; nothing, for most cells. */
function layoutOf({ states, layout }: Cell): Pick<StateLayout, 'enter' | 'leave'> & { outside(k: number): Shape } {
  if (layout === undefined) return { enter: (state) => state, leave: (value) => value, outside: (k) => states[k]?.shape ?? [] };
  return { enter: layout.enter, leave: layout.leave, outside: () => layout.outside };
}

/** Zeros for what nobody hands in, made once for each shape. */
function zeros(layer: Lowering): (shape: Shape) => Value {
  const made = new Map<string, Value>();
  return (shape) => {
    const value = made.get(shape.join()) ?? layer.op('fill', [layer.x], { shape, value: 0, dtype: 'f32' }, 'zeros');
    made.set(shape.join(), value);
    return value;
  };
}
