import { fail, type Location } from '../diagnostics/error.ts';
import type { Value } from '../ir/program.ts';
import { type DType, elements, showShape } from '../ir/types.ts';
import type { Lowering } from '../layers/row.ts';
import type { Call } from '../model/graph.ts';
import type { AttrsGiven, OpName } from '../ops/index.ts';
import { childOf } from './child.ts';
import { type Frame, type Lowerer, type Owner, resolve, takeMask } from './frame.ts';
import type { CallMasks } from './masks.ts';

const LARGEST_WEIGHT = 2 ** 40;

/** One call of a layer, its arguments found. */
export interface Called {
  readonly call: Call;
  readonly config: unknown;
  readonly inputs: readonly Value[];
  readonly masks: CallMasks;
  readonly where: Location;
}

/** What a row has done for its call so far. */
interface Made {
  /** The masks it has given its results. */
  readonly masks: Map<number, Value | null>;
  /** The layers that it wraps, by the prefix of their variables. */
  readonly children: Map<string, unknown>;
}

/** What a layer's row works with while one of its calls is being lowered, and the masks that it gives its results. */
export function contextOf(lowerer: Lowerer, frame: Frame, called: Called): { context: Lowering; masks: ReadonlyMap<number, Value | null> } {
  const { layer } = called.call;
  const made: Made = { masks: new Map(), children: new Map() };
  const owner = frame.owner ?? { path: layer.path, prefix: '', trainable: layer.trainable, count: { position: 0, states: 0 } };
  return { context: partOf(lowerer, frame, called, made, owner, ''), masks: made.masks };
}

const LORA = /^lora_(.+)_[ab]$/;

/**
 * What the config of a layer, or of a cell, says of a variable; null where that is nothing. With LoRA the kernel is trained no more, and
 * its regularizer is that of the matrices beside it.
 */
function regularizerOf(config: unknown, variable: string): unknown {
  const given = config as Readonly<Record<string, unknown>>;
  const name = variable.slice(variable.lastIndexOf('/') + 1);
  const [, adapted] = LORA.exec(name) ?? [];
  const isAdapted = (name === 'kernel' || name === 'embeddings') && Number(given['lora_rank'] ?? 0) > 0;
  return isAdapted ? null : (given[`${(adapted ?? name).replace(/_kernel$/, '')}_regularizer`] ?? null);
}

/** @param part the roles of what is lowered begin so */
function partOf(lowerer: Lowerer, frame: Frame, called: Called, made: Made, owner: Owner, part: string): Lowering {
  const { builder } = lowerer;
  const { call, config, inputs, masks, where } = called;
  const { layer } = call;
  let asFloat: Value | undefined;

  const op = <N extends OpName>(name: N, operands: readonly Value[], attrs: AttrsGiven<N>, role: string = name): Value =>
    builder.ops(name, operands, attrs, part + role)[0] as Value;
  const cast = (value: Value, dtype: DType): Value =>
    value.type.dtype === dtype || dtype === 'str' ? value : op('cast', [value], { dtype }, 'cast');
  const constant = (values: readonly number[], shape: readonly number[], role: string, dtype: DType = 'f32'): Value =>
    op('constant', [], { values, shape, dtype: dtype as 'f32' | 'i32' | 'bool' }, role);
  const stateKeys = new Map<number, string>();

  return {
    config,
    origin: frame.origin,
    inputs,
    args: call.args,
    kwargs: call.kwargs,
    value: (tensor) => resolve(frame, tensor),
    mask: (position = 0) => masks.inputs[position] ?? null,
    maskOf: (tensor) => frame.masks.get(tensor) ?? null,
    giveMask: (mask, result = 0) => void made.masks.set(result, mask),
    dropMask: (value) => takeMask(frame, value, call.id),
    get x() {
      const first = inputs[0];
      if (first === undefined) fail('layer-inputs', { className: layer.className, expected: 'a tensor', found: 'none' }, where);
      asFloat ??= cast(first, 'f32');
      return asFloat;
    },
    weight(variable, shape, { dtype = 'f32', trainable = true } = {}) {
      if (!(elements(shape) <= LARGEST_WEIGHT)) fail('weight-too-large', { weight: variable, shape: showShape(shape) }, where);
      const full = `${owner.prefix}${variable}`;
      const regularizer = regularizerOf(config, variable);
      return builder.weight(`@${owner.path}/${full}`, (name) => {
        const frozen = !trainable || !owner.trainable;
        const weight = { name, type: { dtype, shape }, layer: owner.path, variable: full, position: owner.count.position++, frozen };
        // What no training changes is not regularized.
        if (regularizer !== null && !frozen) lowerer.regularized.push({ value: weight, of: 'weights', regularizer, layer: owner.path });
        return weight;
      });
    },
    op,
    ops: (name, operands, attrs, role = name) =>
      builder.ops(name, operands, attrs, typeof role === 'string' ? part + role : role.map((one) => part + one)),
    scan(over, role, step) {
      const named = (values: typeof over.sequences) => values.map(([value, name]) => [value, part + name] as const);
      return builder.scan({ ...over, sequences: named(over.sequences), carried: named(over.carried) }, part + role, step);
    },
    state(k, shape) {
      const key = `${owner.path}:state${owner.count.states++}`;
      if (lowerer.keys.has(key)) fail('state-key-taken', { key }, where);
      stateKeys.set(k, key);
      // A shared layer goes on from what its call before left.
      return lowerer.states.get(key) ?? builder.input(key, key, { dtype: 'f32', shape }, 0);
    },
    keepState: (k, value) => void lowerer.states.set(stateKeys.get(k) as string, value),
    within: <D>(name: string, own?: D): Lowering<D> => {
      const inner = name === '' ? owner : { ...owner, prefix: `${owner.prefix}${name}/` };
      return partOf(
        lowerer,
        frame,
        { ...called, config: own ?? config },
        made,
        inner,
        name === '' ? part : `${part}${name}.`,
      ) as Lowering<D>;
    },
    child(spec, alone = false) {
      const child = childOf(lowerer, frame, owner, spec, alone, where);
      const prefix = owner.prefix + child.name;
      // Two of one name would share their variables.
      if (!alone && (made.children.get(prefix) ?? spec) !== spec) fail('layer-duplicate', { name: child.name }, where);
      made.children.set(prefix, spec);
      return child;
    },
    regularizeActivity(value) {
      const regularizer = layer.config['activity_regularizer'] ?? null;
      if (regularizer !== null) lowerer.regularized.push({ value, of: 'activity', regularizer, layer: layer.path });
    },
    named(value, role) {
      builder.rename(value, `${builder.scope}.${part}${role}`, false);
      return value;
    },
    scalar: (value, role, dtype = 'f32') => constant([value], [], role, dtype),
    constant,
    cast,
    unsupported: (what, instead) => fail('layer-unsupported', { what, instead }, where),
    mismatch: (what, found) => fail('shape-mismatch', { what, found: typeof found === 'string' ? found : showShape(found) }, where),
  };
}
