import type { Value } from '../../ir/program.ts';
import { boolean, integer, nullable, object, withDefault } from '../../schema/build.ts';
import { adaptedKernel, loraConfig } from '../lora.ts';
import { type Lowering, layer } from '../row.ts';

export const embedding = layer({
  className: 'Embedding',
  doc: 'the row of a table that each id names',
  config: object({
    input_dim: integer({ minimum: 1 }),
    output_dim: integer({ minimum: 1 }),
    mask_zero: withDefault(nullable(boolean), false),
    ...loraConfig,
  }),
  onMask: 'drops',
  lower(layer) {
    const { input_dim, output_dim, mask_zero } = layer.config;
    const table = adaptedKernel(layer, layer.weight('embeddings', [input_dim, output_dim]), 'embeddings');
    return rowsById(layer, table, mask_zero === true);
  },
});

/** The rows of a table that ids name; where zero stands for no id, the result is masked there. */
export function rowsById(layer: Lowering, table: Value, maskZero: boolean): Value {
  const [ids] = layer.inputs;
  if (ids === undefined) return layer.mismatch('Embedding takes a tensor of ids', 'none');
  if (maskZero) layer.giveMask(layer.op('notEqual', [ids, layer.scalar(0, 'padding', ids.type.dtype)], {}, 'mask'));
  return layer.op('gather', [table, layer.cast(ids, 'i32')], { axis: 0 });
}
