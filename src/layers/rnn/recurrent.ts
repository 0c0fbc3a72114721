import type { Value } from '../../ir/program.ts';
import type { Shape } from '../../ir/types.ts';
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
  const ran = run(layer, cell, start, mask, given !== null || stateful === true, zero);
  const states = ran.states.map((state) => leave(state, 1));

  if (stateful) for (const [k, state] of states.entries()) layer.keepState(k, state);
  layer.giveMask(returnsSequences ? layer.mask() : null);
  // Keras returns a sequence that was gone through backwards as it was gone through.
  let output = ran.outputs ?? ran.last;
  if (ran.outputs !== null && go_backwards) output = layer.op('reverse', [ran.outputs], { axes: [1] }, 'backwards');
  if (mask !== null && zeroedBehind(layer.config)) output = layer.op('where', [mask, output, layer.scalar(0, 'zero')], {}, 'zeroed');
  output = leave(output, ran.outputs === null ? 1 : 2);
  return return_state ? [output, ...states] : output;
}

/**
 * Runs the loop. At a step that is masked, the states stay as they are and the output is that of the step before, zero before the first,
 * or always zero with `zero_output_for_mask`.
 * @returns the outputs of all steps in their order, null where nobody asks for them, the last output and the last states
 */
function run<C extends RecurrentConfig>(
  layer: Lowering<C>,
  cell: Cell,
  start: readonly Value[],
  mask: Value | null,
  startsElsewhere: boolean,
  zero: (shape: Shape) => Value,
): Ran {
  const count = cell.states.length;
  const collects = layer.config.return_sequences === true;
  const zeroes = mask !== null && layer.config.zero_output_for_mask === true && !zeroedBehind(layer.config);
  const projected = cell.project(layer.x).map((sequence) => [sequence, 'x'] as const);
  const carried = start.map((value, k) => [value, cell.states[k]?.role ?? 'state'] as const);
  // The output is one of the states, but under a mask that zeroes it, or where the states do not start from zero as it does.
  const blank = mask !== null && (zeroes || startsElsewhere) ? zero((start[cell.output] as Value).type.shape) : null;
  const carriesOutput = blank !== null && !(zeroes && collects);
  const ended = layer.scan(
    {
      sequences: mask === null ? projected : [...projected, [mask, 'mask'] as const],
      carried: carriesOutput ? [...carried, [blank, 'y'] as const] : carried,
      reverse: layer.config.go_backwards === true,
    },
    'steps',
    (slices, state) => {
      const made = cell.step(slices.slice(0, projected.length), state.slice(0, count));
      const kept = (value: Value, other: Value | undefined, role: string): Value =>
        mask === null ? value : layer.op('where', [slices.at(-1) as Value, value, other as Value], {}, role);
      const states = made.map((value, k) => kept(value, state[k], `${cell.states[k]?.role}_kept`));
      const output =
        blank === null ? (states[cell.output] as Value) : kept(made[cell.output] as Value, zeroes ? blank : state[count], 'output');
      return { carried: carriesOutput ? [...states, output] : states, collected: collects ? [output] : [] };
    },
  );
  const last = ended.carried[carriesOutput ? count : cell.output] as Value;
  return { outputs: ended.collected[0] ?? null, last, states: ended.carried.slice(0, count) };
}

interface Ran {
  readonly outputs: Value | null;
  readonly last: Value;
  readonly states: readonly Value[];
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
 * The mask with an axis for each of the output's, [batch, steps, 1, ...]. TensorFlow also takes one that says more than which steps
 * count, [batch, steps, ...], as `Masking` makes it of images: it goes by the first axes of the output.
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
  const spread = (leading: Shape, like: Shape, role: string): Value => {
    const ones = like.slice(leading.length).map(() => 1);
    return layer.op('reshape', [layer.cast(mask, 'bool')], { shape: [batch, steps, ...leading, ...ones] }, role);
  };
  if (isOfSteps || cell.layout === undefined) return spread(isOfSteps ? [] : more, shape, 'mask_steps');
  const outside = spread(more, sizes, 'mask_outputs');
  return unfold(layer, cell.layout.enter(fold(layer, outside, 'mask_outputs')), outside, 'mask_steps');
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
