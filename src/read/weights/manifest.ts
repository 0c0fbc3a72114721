import { fail, type Location } from '../../diagnostics/error.ts';
import { validate } from '../../schema/validate.ts';
import { checkNesting } from '../nesting.ts';
import { type WeightSpec, weightSpecs, weightsManifest } from '../tfjs.ts';
import type { GroupBytes, StoredDType, WeightEntry } from './index.ts';

/** A weight's place in its group. */
export interface PlacedWeight {
  readonly spec: WeightSpec;
  readonly stored: WeightEntry['stored'];
  /** Bytes from the start of the group; null behind a weight whose size only its bytes tell. */
  readonly start: number | null;
  readonly byteLength: number;
  /** Why skipc cannot read this weight, or null. */
  readonly refused: string | null;
}

/** Weights that lie one behind the other in the concatenation of some shards. */
export interface Group {
  readonly paths: readonly string[];
  readonly weights: readonly PlacedWeight[];
  /** Null where the manifest does not tell. */
  readonly byteLength: number | null;
}

const MOST_ELEMENTS = 2 ** 40;
const SIZES: ReadonlyMap<string, number> = new Map([
  ['float32', 4],
  ['int32', 4],
  ['bool', 1],
  ['uint8', 1],
  ['uint16', 2],
  ['float16', 2],
  ['complex64', 8],
]);
const QUANTISED: ReadonlySet<string> = new Set(['uint8', 'uint16', 'float16']);

/**
 * Checks a tfjs `weightsManifest` and places every weight.
 * @throws SkipcError `config-invalid`, `weights-shape`
 */
export function readManifest(manifest: unknown, file: string | undefined): readonly Group[] {
  checkNesting(manifest, file);
  const pointer = '/weightsManifest';
  return validate(weightsManifest, manifest, { file, pointer }).map(({ paths, weights }, i) => ({
    paths,
    ...placeWeights(weights, { file, pointer: `${pointer}/${i}/weights` }),
  }));
}

/** As `readManifest`, for the `weightSpecs` of tfjs artifacts. */
export function readSpecs(specs: unknown): Group {
  checkNesting(specs, undefined);
  const where: Location = { pointer: '/weightSpecs' };
  return { paths: [], ...placeWeights(validate(weightSpecs, specs, where), where) };
}

function placeWeights(specs: readonly WeightSpec[], where: Location): Pick<Group, 'weights' | 'byteLength'> {
  let end: number | null = 0;
  const weights = specs.map((spec, i): PlacedWeight => {
    const at: Location = { ...where, pointer: `${where.pointer ?? ''}/${i}` };
    const { stored, refused } = storedAs(spec);
    const size = SIZES.get(spec.quantization?.dtype ?? spec.dtype);
    const byteLength = elements(spec, at) * (size ?? 0);
    const start = end;
    end = end === null || size === undefined ? null : end + byteLength;
    if (end !== null && !Number.isSafeInteger(end)) fail('weights-shape', { name: spec.name, shape: spec.shape }, at);
    return { spec, stored, start, byteLength, refused: refused ?? (start === null ? 'it lies behind a weight of unknown size' : null) };
  });
  return { weights, byteLength: end };
}

/** Number of elements, never more than 2^40. */
function elements({ name, shape }: WeightSpec, where: Location): number {
  if (shape.includes(0)) return 0;
  let product = 1;
  for (const dimension of shape) {
    product *= dimension;
    if (product > MOST_ELEMENTS) fail('weights-shape', { name, shape }, where);
  }
  return product;
}

function storedAs({ dtype, quantization }: WeightSpec): { stored: WeightEntry['stored']; refused: string | null } {
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
    return { stored: { dtype: 'float32' }, refused: `its dtype is ${dtype}` };
  if (quantization === undefined || quantization === null) return { stored: { dtype }, refused: null };
  const { dtype: packed, scale, min } = quantization;
  if (!QUANTISED.has(packed) || dtype === 'bool') return { stored: { dtype }, refused: `it is ${dtype} quantised as ${packed}` };
  if (packed !== 'float16' && !(Number.isFinite(scale) && Number.isFinite(min)))
    return { stored: { dtype }, refused: 'its quantisation states no scale or no min' };
  const factors = { ...(scale === undefined ? {} : { scale }), ...(min === undefined ? {} : { min }) };
  return { stored: { dtype: packed as StoredDType, ...factors }, refused: null };
}

/** The entries of a group whose bytes can be read. */
export function entriesOf(group: Group, bytes: GroupBytes, file: string | undefined): readonly WeightEntry[] {
  return group.weights.map(({ spec, stored, start, byteLength, refused }) => ({
    name: spec.name,
    shape: spec.shape,
    dtype: spec.dtype === 'int32' || spec.dtype === 'bool' ? spec.dtype : 'float32',
    stored,
    byteLength,
    async read() {
      if (refused !== null || start === null) fail('weights-dtype', { name: spec.name, why: refused ?? '' }, { file });
      return bytes.read(start, byteLength, spec.name);
    },
  }));
}
