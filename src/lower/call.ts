import { fail, type Location } from '../diagnostics/error.ts';
import type { Value } from '../ir/program.ts';
import type { LayerRow, Lowering } from '../layers/row.ts';
import type { Call, Layer, TensorId } from '../model/graph.ts';
import { validate } from '../schema/validate.ts';
import { argumentsOf, withNames } from './arguments.ts';
import { contextOf } from './context.ts';
import { type Frame, type Lowerer, putMask, resolve } from './frame.ts';
import { enterModels, masksOf, noteMasks } from './masks.ts';
import { checkPolicy } from './policy.ts';

/**
 * Lowers one call of a layer, and puts what it gives into the frame.
 * @param scope what its tensors are called after
 * @param final false where an outer call may still rename what this one gives
 * @param isBare as `ChildArguments` has it
 * @throws SkipcError naming the layer
 */
export function lowerCall(
  lowerer: Lowerer,
  frame: Frame,
  given: Call,
  scope: string,
  where: Location,
  final = true,
  isBare = false,
): readonly Value[] {
  const { builder } = lowerer;
  const { layer } = given;
  const row = rowOf(lowerer, given, where);
  const call = withNames(given, row);
  if (!lowerer.configs.has(layer)) {
    checkPolicy(layer, where);
    lowerer.configs.set(layer, validate(row.config, structuredClone(layer.config), { ...where, pointer: `${layer.pointer}/config` }));
  }
  const positional = argumentsOf(call, row, where);
  const inputs = positional.map((tensor) => resolve(frame, tensor));
  const isNarrow = positional.some((tensor) => frame.narrow.has(tensor));
  enterModels(lowerer, frame, call);
  noteMasks(frame, call);
  const masks = masksOf(lowerer, frame, call, positional);
  const before = builder.mark();
  const { context, masks: own } = contextOf(lowerer, frame, { call, config: lowerer.configs.get(layer), inputs, masks, where });
  const lowered = [row.lower(context)].flat();
  const results = row.takesAny ? lowered.map((value, k) => asStated(frame, `${call.id}:${k}`, value, context)) : lowered;
  const regularizer = isBare ? null : activityRegularizer(layer);
  if (regularizer !== null)
    lowerer.regularized.push(...lowered.map((value) => ({ value, of: 'activity' as const, regularizer, layer: layer.path })));
  if (isNarrow && builder.countsInIntegers(before)) fail('integer-width', { className: layer.className }, where);
  results.forEach((value, k) => {
    const name = k === 0 ? scope : `${scope}:${k}`;
    const tensor = `${call.id}:${k}`;
    builder.rename(value, name, final);
    frame.values.set(tensor, value);
    if (isNarrow && value.type.dtype === 'i32') frame.narrow.add(tensor);
    const passedOn = k === 0 && row.onMask !== 'drops' ? masks.passedOn : null;
    const mask = own.has(k) ? (own.get(k) ?? null) : passedOn;
    if (mask === null) return;
    builder.nameMask(mask, name, final);
    putMask(frame, tensor, mask);
  });
  return results;
}

/** What the layer adds to the loss for what it gives. */
function activityRegularizer({ className, config }: Layer): unknown {
  // This hands it to its projections, and does not keep it.
  if (className === 'MultiHeadAttention') return null;
  return className === 'ActivityRegularization' ? { class_name: 'L1L2', config } : (config['activity_regularizer'] ?? null);
}

/** JSON does not tell 2.0 from 2: where Keras says that integers times a number are floats, the number was one. */
function asStated(frame: Frame, tensor: TensorId, value: Value, context: Lowering): Value {
  const isFloat = /^(b?float|double|half)/.test(frame.stated.get(tensor)?.dtype ?? '');
  return isFloat && value.type.dtype === 'i32' ? context.cast(value, 'f32') : value;
}

/** A Lambda means something else in each layer: a row may be for the one of that name. */
function rowOf({ rows }: Lowerer, { layer }: Call, where: Location): LayerRow {
  const { className, name } = layer;
  const row = (className === 'Lambda' ? rows.get(`Lambda:${name}`) : undefined) ?? rows.get(className);
  if (row !== undefined) return row;
  return className === 'Lambda' ? fail('layer-lambda', { name }, where) : fail('layer-unknown', { className }, where);
}
