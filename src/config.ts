import { backends } from './rewrite/backends.ts';
import {
  anything,
  array,
  boolean,
  described,
  either,
  nothing,
  object,
  oneOf,
  optional,
  record,
  type Static,
  string,
} from './schema/build.ts';

const strict = { additionalProperties: false };
const texts = array(string);

/** A name, a serialised loss or metric, or these in a list or an object by output. */
const measures = either(string, nothing, array(anything), record(anything));

const programSchema = object(
  {
    name: optional(described(string, "what its files are called after (default: its outputs' names)")),
    outputs: optional(described(texts, 'keep what these need, NAME or KEY=NAME; none keeps the outputs of the model')),
    inputs: optional(described(texts, 'cut here: these tensors become inputs')),
    skip: optional(described(texts, 'layers that become the identity, LAYER or LAYER=OPERAND')),
    hoist: optional(described(either(string, texts), 'where the prefix ends: tensors, or auto, shared or none')),
    loss: optional(described(measures, 'what evaluate measures the outputs by, as compile() of Keras takes it')),
    metrics: optional(described(measures, 'what else it reports, likewise')),
  },
  strict,
);
export type ProgramConfig = Static<typeof programSchema>;

/** `skipc.config.ts` or `skipc.config.json`: several programs of one model. Paths are relative to this file. */
export const configSchema = object(
  {
    $schema: optional(string),
    model: described(string, 'model.json, .keras, .h5, Keras JSON, or a URL'),
    weights: optional(described(string, 'a file to take weights from; none; or inline, into the modules')),
    plugins: optional(described(texts, 'files with rows of layers that skipc does not have')),
    outDir: optional(described(string, 'where to write (default: beside this file)')),
    backend: optional(described(oneOf(...backends), 'whose import the modules carry (default: core, which carries none)')),
    js: optional(described(boolean, 'write JavaScript and declarations instead of TypeScript')),
    emitIr: optional(described(boolean, 'also write the IR dumps')),
    bake: optional(described(boolean, 'run the load stages now; each program then has a weight file of its own')),
    sharedWeights: optional(
      described(
        either(boolean, string),
        "one weight file for all programs, which holds each variable once (default: true), and its name (default: the model's)",
      ),
    ),
    programs: described(array(programSchema, { minItems: 1 }), 'what to compile of the model'),
  },
  strict,
);
export type Config = Static<typeof configSchema>;
