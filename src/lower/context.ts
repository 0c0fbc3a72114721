import { fail, type Location } from '../diagnostics/error.ts';
import type { Value } from '../ir/program.ts';
import { type DType, elements, showShape } from '../ir/types.ts';
import type { Lowering } from '../layers/row.ts';
import type { Call, Origin } from '../model/graph.ts';
import type { AttrsGiven, OpName } from '../ops/index.ts';
import type { Builder } from './builder.ts';

const LARGEST_WEIGHT = 2 ** 40;

/** What a layer's row works with while one of its calls is being lowered. */
export function contextOf(
  builder: Builder,
  call: Call,
  config: unknown,
  inputs: readonly Value[],
  resolve: (tensor: string) => Value,
  origin: Origin,
): Lowering {
  const { layer } = call;
  const where: Location = { layer: layer.path, pointer: layer.pointer };
  let position = 0;
  let asFloat: Value | undefined;

  const op = <N extends OpName>(name: N, operands: readonly Value[], attrs: AttrsGiven<N>, role: string = name): Value =>
    builder.ops(name, operands, attrs, role)[0] as Value;
  const cast = (value: Value, dtype: DType): Value =>
    value.type.dtype === dtype || dtype === 'str' ? value : op('cast', [value], { dtype }, 'cast');
  const constant = (values: readonly number[], shape: readonly number[], role: string, dtype: DType = 'f32'): Value =>
    op('constant', [], { values, shape, dtype: dtype as 'f32' | 'i32' | 'bool' }, role);

  return {
    config,
    origin,
    inputs,
    args: call.args,
    kwargs: call.kwargs,
    value: resolve,
    get x() {
      const first = inputs[0];
      if (first === undefined) fail('layer-inputs', { className: layer.className, expected: 'a tensor', found: 'none' }, where);
      asFloat ??= cast(first, 'f32');
      return asFloat;
    },
    weight(variable, shape, { dtype = 'f32', trainable = true } = {}) {
      const at = position++;
      if (!(elements(shape) <= LARGEST_WEIGHT)) fail('weight-too-large', { weight: variable, shape: showShape(shape) }, where);
      return builder.weight(`@${layer.path}/${variable}`, (name) => ({
        name,
        type: { dtype, shape },
        layer: layer.path,
        variable,
        position: at,
        frozen: !trainable || !layer.trainable,
      }));
    },
    op,
    ops: (name, operands, attrs, role = name) => builder.ops(name, operands, attrs, role),
    scalar: (value, role, dtype = 'f32') => constant([value], [], role, dtype),
    constant,
    cast,
    unsupported: (what, instead) => fail('layer-unsupported', { what, instead }, where),
    mismatch: (what, found) => fail('shape-mismatch', { what, found: typeof found === 'string' ? found : showShape(found) }, where),
  };
}
