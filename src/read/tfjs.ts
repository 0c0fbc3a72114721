import {
  anything,
  array,
  either,
  integer,
  nullable,
  number,
  object,
  optional,
  record,
  type Schema,
  type Static,
  string,
} from '../schema/build.ts';

/** The envelope of a tfjs `model.json` and the manifest of the weights beside it. */

const weightSpec = object({
  name: string,
  shape: array(integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  dtype: string,
  quantization: optional(
    nullable(object({ dtype: string, scale: optional(number()), min: optional(number()), original_dtype: optional(string) })),
  ),
});
export type WeightSpec = Static<typeof weightSpec>;

export const weightSpecs = array(weightSpec);

export const weightsManifest = array(object({ paths: array(string), weights: weightSpecs }));

/** The JSON Schema of a layers-model's `model.json`. Half the files in use say no `format`. */
export const modelJson = object({
  modelTopology: either(record(anything), string) as Schema<unknown>,
  format: optional(nullable(string)),
  generatedBy: optional(nullable(string)),
  convertedBy: optional(nullable(string)),
  weightsManifest: optional(nullable(weightsManifest)),
});
