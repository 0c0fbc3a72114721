import { boolean, integer, nullable, number, object, string, withDefault } from '../../schema/build.ts';
import { adaptedKernel, loraConfig } from '../lora.ts';
import { layer } from '../row.ts';
import { rowsById } from './embedding.ts';

export const reversibleEmbedding = layer({
  className: 'ReversibleEmbedding',
  doc: 'the row of a table that each id names; called with reverse=True, the product with each row of it',
  only: 3,
  config: object({
    input_dim: integer({ minimum: 1 }),
    output_dim: integer({ minimum: 1 }),
    mask_zero: withDefault(nullable(boolean), false),
    tie_weights: withDefault(nullable(boolean), true),
    reverse_dtype: withDefault(nullable(string), null),
    logit_soft_cap: withDefault(nullable(number()), null),
    ...loraConfig,
  }),
  onMask: 'drops',
  lower(layer) {
    const { input_dim, output_dim, mask_zero, tie_weights, reverse_dtype, logit_soft_cap: cap } = layer.config;
    const embeddings = layer.weight('embeddings', [input_dim, output_dim]);
    const own = tie_weights === false ? layer.weight('reverse_embeddings', [output_dim, input_dim]) : null;
    const table = adaptedKernel(layer, embeddings, 'embeddings');
    if (layer.kwargs['reverse'] !== true) return rowsById(layer, table, mask_zero === true);
    if (reverse_dtype !== null && !reverse_dtype.includes('float')) {
      return layer.unsupported(`this ReversibleEmbedding multiplies in ${reverse_dtype}`, 'use a reverse_dtype of float32');
    }
    const logits =
      own === null
        ? layer.op('matMul', [layer.x, table], { transposeB: true }, 'logits')
        : layer.op('matMul', [layer.x, own], {}, 'logits');
    if (cap === null) return logits;
    const limit = layer.scalar(cap, 'cap');
    return layer.op('mul', [layer.op('tanh', [layer.op('div', [logits, limit], {}, 'scaled')], {}), limit], {});
  },
});
