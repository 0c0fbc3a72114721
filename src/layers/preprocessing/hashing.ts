import { anything, boolean, either, integer, nullable, number, object, string, withDefault } from '../../schema/build.ts';
import { type Lowering, layer } from '../row.ts';
import { encode } from './encode.ts';
import { modeOf } from './modes.ts';
import { isIntegerPolicy, vectorDType } from './output-dtype.ts';
import { saltConfig, saltOf } from './salt.ts';

/** The largest integer of tfjs's one integer type. */
const MOST_BINS = 2 ** 31 - 1;

export const hashing = layer({
  className: 'Hashing',
  doc: 'a bin for each text or number, by FarmHash or salted SipHash; as indices, one-hot, multi-hot or counted',
  onMask: 'drops',
  config: object({
    num_bins: integer({ minimum: 1, maximum: MOST_BINS }),
    mask_value: withDefault(nullable(either(string, number())), null),
    salt: withDefault(saltConfig, null),
    output_mode: withDefault(string, 'int'),
    sparse: withDefault(nullable(boolean), false),
    dtype: withDefault(anything, null),
  }),
  lower(layer) {
    const { num_bins: bins, mask_value, output_mode, sparse, dtype } = layer.config;
    const mode = modeOf(layer, output_mode, ['int', 'one_hot', 'multi_hot', 'count'], sparse);
    const [x] = layer.inputs;
    if (x === undefined || x.type.dtype === 'bool') return layer.mismatch('Hashing takes texts or numbers', x?.type.dtype ?? 'nothing');
    if (mask_value !== null && (typeof mask_value === 'string') !== (x.type.dtype === 'str'))
      return layer.mismatch(`mask_value is of the dtype of the input, ${x.type.dtype}`, JSON.stringify(mask_value));
    // One bin alone leaves none for masked values.
    const own = typeof mask_value === 'number' && x.type.dtype === 'f32' ? Math.fround(mask_value) : mask_value;
    const mask = bins > 1 ? own : null;
    const indices = layer.op('hash', [x], { bins, salt: saltOf(layer, layer.config.salt), mask }, 'bins');
    const { shape } = x.type;
    const each =
      mode === 'one_hot' && shape.at(-1) === 1 ? layer.op('reshape', [indices], { shape: shape.slice(0, -1) }, 'squeezed') : indices;
    return encode(layer, each, mode, { depth: bins, dtype: mode === 'int' ? 'i32' : vectorDType(dtype), inMemory: true });
  },
});

export const hashedCrossing = layer({
  className: 'HashedCrossing',
  doc: 'a bin for each combination of what several inputs hold in the same place, by hashes; as indices or one-hot',
  onMask: 'drops',
  takesList: true,
  config: object({
    num_bins: integer({ minimum: 1, maximum: MOST_BINS }),
    output_mode: withDefault(string, 'int'),
    sparse: withDefault(nullable(boolean), false),
    dtype: withDefault(anything, null),
  }),
  lower(layer) {
    const { num_bins: bins, output_mode, sparse, dtype } = layer.config;
    const mode = modeOf(layer, output_mode, ['int', 'one_hot'], sparse);
    checkCrossing(layer);
    const indices = layer.op('crossHash', layer.inputs, { bins }, 'bins');
    const floats = dtype !== null && !isIntegerPolicy(dtype);
    return encode(layer, indices, mode, { depth: bins, dtype: mode === 'int' && !floats ? 'i32' : vectorDType(dtype) });
  },
});

function checkCrossing(layer: Lowering): void {
  const shapes = layer.inputs.map(({ type }) => type.shape);
  const [first = []] = shapes;
  if (shapes.length < 2) layer.mismatch('HashedCrossing takes two inputs or more', String(shapes.length));
  const other = shapes.find((shape) => shape.length !== first.length || shape.length > 2 || (shape.length === 2 && shape[1] !== 1));
  if (other !== undefined) layer.mismatch('HashedCrossing takes inputs of one shape, [batch] or [batch, 1]', other);
  const wrong = layer.inputs.find(({ type }) => type.dtype !== 'i32' && type.dtype !== 'str');
  if (wrong !== undefined) layer.mismatch('HashedCrossing takes integers and texts', wrong.type.dtype);
}
