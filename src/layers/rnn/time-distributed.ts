import type { Value } from '../../ir/program.ts';
import { anything, object, record, string } from '../../schema/build.ts';
import { type Child, type Lowering, layer } from '../row.ts';
import { fold, unfold } from './steps.ts';

export const timeDistributed = layer({
  className: 'TimeDistributed',
  doc: 'a layer or model on each step of a sequence',
  config: object({ layer: object({ class_name: string, config: record(anything) }) }),
  takesList: true,
  lower(layer) {
    const { layer: spec } = layer.config;
    if (isStateful(spec)) {
      return layer.unsupported(
        'a stateful layer in TimeDistributed carries its state from step to step of the outer sequence',
        'make it stateless, or use an RNN over the outer sequence',
      );
    }
    const [first, ...others] = layer.inputs;
    if (first === undefined || (others.length > 0 && layer.origin.keras === 3))
      return layer.mismatch('TimeDistributed takes one tensor', `${layer.inputs.length}`);
    const child = layer.child(spec, true);
    const mask = others.length > 0 ? null : layer.mask();
    // Steps of a batch are samples to the layer: what it makes of one does not depend on the others.
    const inputs = layer.inputs.map((input, i) => fold(layer, input, i === 0 ? 'steps' : `steps_${i}`));
    const { values, masks } = child.call(inputs, { masks: [stepMask(layer, child, mask)], isBare: layer.origin.keras === 3 });
    if (layer.origin.keras !== 3) layer.giveMask(outerMask(layer, masks[0] ?? null, mask, first));
    return values.map((value) => unfold(layer, value, first));
  },
});

/** Layers whose call takes the mask of a sequence. */
const MASKED = /^(Softmax|RNN|SimpleRNN|GRU|LSTM|ConvLSTM[123]D|CuDNNGRU|CuDNNLSTM|Bidirectional|TimeDistributed|GlobalAveragePooling1D)$/;

/** The mask that the layer is given with each step. One that says only which steps count has nothing left for it. */
function stepMask(layer: Lowering, { className }: Child, mask: Value | null): Value | null {
  if (mask === null) return null;
  if (mask.type.shape.length > 2) return fold(layer, mask, 'step_masks');
  if (MASKED.test(className)) {
    return layer.unsupported(
      `TimeDistributed would give ${className} a mask of one element for each step, and Keras fails there`,
      'leave out the mask before this layer, or mask the inner sequences',
    );
  }
  return null;
}

/** Before Keras 3 the mask is what the layer makes of each step; where that is none, a step counts if something in it does. */
function outerMask(layer: Lowering, inner: Value | null, mask: Value | null, like: Value): Value | null {
  if (inner !== null) return unfold(layer, inner, like, 'mask');
  if (mask === null || mask.type.shape.length === 2) return mask;
  const axes = mask.type.shape.slice(2).map((_, i) => i + 2);
  return layer.op('any', [layer.cast(mask, 'bool')], { axes }, 'mask');
}

/** True where a layer or anything that it holds keeps state between calls. */
function isStateful(spec: unknown): boolean {
  const open: unknown[] = [spec];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (typeof item !== 'object' || item === null) continue;
    if (Object.hasOwn(item, 'stateful') && (item as { stateful: unknown }).stateful === true) return true;
    for (const inner of Object.values(item)) if (typeof inner === 'object' && inner !== null) open.push(inner);
  }
  return false;
}
