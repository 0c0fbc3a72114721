import type { Value } from '../../ir/program.ts';
import { type Arg, tensorsIn } from '../../model/graph.ts';
import { anything, nullable, object, oneOf, optional, record, string, withDefault } from '../../schema/build.ts';
import { type Child, type Lowering, layer } from '../row.ts';
import { maskOfSteps } from './recurrent.ts';

const wrapped = object({ class_name: string, config: record(anything) });

export const bidirectional = layer({
  className: 'Bidirectional',
  doc: 'a recurrent layer forwards and another backwards, their outputs merged',
  takesList: true,
  keywords: ['initial_state'],
  config: object({
    layer: wrapped,
    backward_layer: optional(nullable(wrapped)),
    merge_mode: withDefault(nullable(oneOf('concat', 'sum', 'mul', 'ave')), 'concat'),
  }),
  lower(layer) {
    const { layer: spec, backward_layer, merge_mode } = layer.config;
    const returnsSequences = spec.config['return_sequences'] === true;
    const returnsState = spec.config['return_state'] === true;
    const goesBackwards = spec.config['go_backwards'] === true;
    // Keras forces both to give zero where a step is masked, if they give sequences.
    const common = { zero_output_for_mask: returnsSequences };
    const forward = { ...spec, config: { ...spec.config, ...common, name: renamed(spec, 'forward_') } };
    const back = backward_layer ?? { ...spec, config: { ...spec.config, go_backwards: !goesBackwards } };
    // Since Keras 3, a backward layer that was given keeps its own name.
    const keepsName = layer.origin.keras === 3 && back === backward_layer;
    const backward = { ...back, config: { ...back.config, ...common, ...(keepsName ? {} : { name: renamed(back, 'backward_') }) } };
    if ((back.config['go_backwards'] === true) === goesBackwards) {
      return layer.mismatch('the two layers go in opposite directions', 'both in the same');
    }

    const initial = initialStates(layer);
    const half = Math.floor(initial.length / 2);
    const [y, ...states] = run(layer, layer.child(forward), initial.slice(0, half));
    const [yOfBackward, ...statesOfBackward] = run(layer, layer.child(backward), initial.slice(half));
    if (y === undefined || yOfBackward === undefined) return layer.mismatch('each of the two layers gives an output', 'none');
    const inOrder = returnsSequences ? layer.op('reverse', [yOfBackward], { axes: [1] }, 'in_order') : yOfBackward;
    const outputs = merge_mode === null ? [y, inOrder] : [merged(layer, merge_mode, y, inOrder)];
    for (const k of outputs.keys()) layer.giveMask(returnsSequences ? layer.mask() : null, k);
    return returnsState ? [...outputs, ...states, ...statesOfBackward] : outputs;
  },
});

/** Keras puts the direction before the name; a file may have it there already. */
function renamed(
  { class_name: className, config }: { readonly class_name: string; readonly config: Readonly<Record<string, unknown>> },
  prefix: string,
): string {
  const name = typeof config['name'] === 'string' ? config['name'] : className.toLowerCase();
  return name.startsWith(prefix) ? name : prefix + name;
}

/** The states that the call hands in, first those of the forward layer: the smaller half, where Keras 3 takes an odd number. */
function initialStates(layer: Lowering): readonly Value[] {
  const named: Arg = layer.kwargs['initial_state'] ?? null;
  const values = named === null ? layer.inputs.slice(1) : tensorsIn(named).map((tensor) => layer.value(tensor));
  return values.length % 2 === 0 || layer.origin.keras === 3
    ? values
    : layer.mismatch('each of the two layers is given half of the states', `${values.length} states`);
}

function run(layer: Lowering, child: Child, states: readonly Value[]): readonly Value[] {
  const mask = maskOfSteps(layer, states.length > 0);
  const kwargs = { ...(states.length > 0 ? { initial_state: states } : {}), ...(mask === null ? {} : { mask: [mask] }) };
  return child.call([layer.x], { kwargs }).values;
}

function merged(layer: Lowering, mode: 'concat' | 'sum' | 'mul' | 'ave', a: Value, b: Value): Value {
  switch (mode) {
    case 'concat':
      return layer.op('concat', [a, b], { axis: a.type.shape.length - 1 });
    case 'sum':
      return layer.op('add', [a, b], {});
    case 'mul':
      return layer.op('mul', [a, b], {});
    case 'ave':
      return layer.op('mul', [layer.op('add', [a, b], {}, 'sum'), layer.scalar(0.5, 'half')], {});
  }
}
