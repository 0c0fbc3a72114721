import { fail } from '../diagnostics/error.ts';
import { brief, validate } from '../schema/validate.ts';
import { parseJson } from './json.ts';
import { type ModelEnvelope, modelEnvelope } from './keras.ts';
import { checkNesting } from './nesting.ts';
import { isObject } from './spec.ts';

/** A model found in a file, with what stands around it. */
export interface Found {
  readonly model: ModelEnvelope;
  /** JSON pointer of the model in the file. */
  readonly pointer: string;
  /** What the hash is of: the model with its version, without the weights' manifest. */
  readonly topology: unknown;
  /** The objects around the model and itself, from the outside in: versions may be said in any. */
  readonly around: readonly Readonly<Record<string, unknown>>[];
}

/** JSON strings that hold JSON are unwrapped this often: files exist that were written twice. */
const MOST_STRINGS = 4;

/** What a file is by its first bytes; null where only the rest can tell. */
export function signatureOf(head: Uint8Array): 'zip' | 'hdf5' | null {
  const starts = (...bytes: readonly number[]): boolean => bytes.every((byte, i) => head[i] === byte);
  if (starts(0x50, 0x4b, 0x03, 0x04) || starts(0x50, 0x4b, 0x05, 0x06)) return 'zip';
  return starts(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a) ? 'hdf5' : null;
}

/**
 * Finds the model in parsed JSON: tfjs `model.json`, Keras `to_json`, a `model_config` wrapper, or any of these as a string.
 * @throws SkipcError `graph-model`, `not-a-model`, `json-invalid`, `nesting-too-deep`, `config-invalid`
 */
export function findModel(json: unknown, file: string | undefined): Found {
  const around: Readonly<Record<string, unknown>>[] = [];
  let value = parsed(json, file);
  let pointer = '';
  // The rest of tfjs artifacts may hold what JSON cannot, such as weights.
  if (!isObject(value) || value['modelTopology'] === undefined) checkNesting(value, file);
  let topology = value;
  if (isObject(value) && value['modelTopology'] !== undefined) {
    if (value['format'] === 'graph-model' || isGraph(value['modelTopology'])) fail('graph-model', {}, { file, pointer: '/modelTopology' });
    around.push(value);
    value = parsed(value['modelTopology'], file);
    checkNesting(value, file);
    topology = value;
    pointer = '/modelTopology';
  }
  if (isObject(value) && value['model_config'] !== undefined && value['class_name'] === undefined) {
    around.push(value);
    value = parsed(value['model_config'], file);
    checkNesting(value, file);
    pointer += '/model_config';
  }
  if (isGraph(value)) fail('graph-model', {}, { file, pointer });
  if (!isObject(value) || value['class_name'] === undefined || value['config'] === undefined) {
    fail('not-a-model', { found: describe(value) }, { file, pointer });
  }
  const model = validate(modelEnvelope, value, { file, pointer });
  around.push(value);
  return { model, pointer, topology, around };
}

function parsed(json: unknown, file: string | undefined): unknown {
  let value = json;
  for (let i = 0; typeof value === 'string' && i < MOST_STRINGS; i++) value = parseJson(value, file);
  return value;
}

/** A TensorFlow GraphDef: nodes instead of layers; binary in tfjs artifacts. */
const isGraph = (value: unknown): boolean =>
  value instanceof ArrayBuffer || (isObject(value) && Array.isArray(value['node']) && value['class_name'] === undefined);

function describe(value: unknown): string {
  if (!isObject(value)) return Array.isArray(value) ? `a list of ${value.length} items` : brief(value);
  const keys = Object.keys(value);
  const shown = keys.slice(0, 6).map((key) => brief(key));
  return keys.length === 0 ? 'an empty object' : `an object with ${shown.join(', ')}${keys.length > shown.length ? ', ...' : ''}`;
}
