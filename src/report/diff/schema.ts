import {
  anything,
  array,
  boolean,
  described,
  either,
  integer,
  nullable,
  number,
  object,
  oneOf,
  type Static,
  string,
} from '../../schema/build.ts';

const count = integer({ minimum: 0 });
/** FLOPs of very large models are beyond the integers that a double holds exactly. */
const amount = number({ minimum: 0 });

const type = object({
  dtype: string,
  shape: described(array(either(count, string)), 'a string is a size that is known when the program runs'),
});
const typeChange = object({
  of: described(string, 'a variable; or `:1` for the second result, `@1` for the second call, nothing for the result itself'),
  before: nullable(type),
  after: nullable(type),
});

const pair = { a: described(string, 'its name in a'), b: described(string, 'its name in b') };
const setting = object({ key: string, before: described(anything, 'null where it is not set'), after: anything });

const region = {
  nodes: array(object({ name: string, kind: described(string, 'the class of the layer, or the op') })),
  after: described(array(string), 'what it reads'),
  before: described(array(string), 'what reads it'),
  outputs: described(array(string), 'keys of the outputs that it gives'),
};

const change = object({
  ...pair,
  kind: string,
  settings: array(setting),
  types: array(typeChange),
  variables: described(array(typeChange), 'whose shapes or dtypes are others, or which only one has'),
  isOtherwise: described(boolean, 'what it computes is not the same, though its settings are: versions of Keras differ in what these mean'),
});

const port = object({ key: string, type: nullable(type), isOptional: boolean });

const side = object({
  file: string,
  is: oneOf('model', 'dump'),
  name: described(string, 'of the model'),
  hash: described(nullable(string), 'of the topology; null for a dump'),
  writer: nullable(string),
  version: described(nullable(string), 'of what wrote the model'),
});

const cost = object({
  nodes: described(count, 'layers, or ops'),
  parameters: amount,
  weightBytes: described(amount, 'of the weights once they are loaded'),
  flops: described(amount, 'for one sample'),
  peakBytes: described(amount, 'the most bytes of tensors alive at once for one sample, weights aside'),
  uncounted: described(count, 'layers that skipc cannot compile: what they cost is missing'),
});
export type SideCost = Static<typeof cost>;

/** A number that JSON may have no way to write. */
const measure = nullable(either(number(), oneOf('NaN', 'Infinity')));

/** What differs between two models or dumps: what `skipc diff --json` prints. */
export const diffSchema = object({
  'skipc-diff': oneOf(1),
  same: described(boolean, 'true where nothing differs'),
  unit: described(oneOf('layer', 'op'), 'what is compared with what'),
  a: side,
  b: side,
  interface: object({
    verdict: described(
      oneOf('unchanged', 'compatible', 'breaking'),
      '`compatible`: who calls the module of a can call that of b, and it type-checks and runs',
    ),
    changes: array(
      object({
        of: oneOf('input', 'feature', 'output'),
        before: nullable(port),
        after: nullable(port),
        verdict: oneOf('compatible', 'breaking'),
        why: string,
      }),
    ),
    order: described(
      array(object({ of: oneOf('input', 'output'), before: array(string), after: array(string) })),
      'what both have, where it stands in another order: nothing to who goes by keys',
    ),
  }),
  removed: described(array(object(region)), 'one for each place'),
  added: array(object({ ...region, replaces: described(nullable(count), 'the one among `removed` that was in its place') })),
  changed: array(change),
  following: described(array(change), 'whose shapes are others only because those of their inputs are'),
  rewired: array(
    object({
      ...pair,
      role: described(string, 'the keyword; empty for a positional argument'),
      before: nullable(string),
      after: nullable(string),
    }),
  ),
  outputs: described(array(object({ key: string, before: string, after: string })), 'whose keys now stand for other tensors'),
  renamed: array(object(pair)),
  trainable: array(object({ ...pair, before: boolean, after: boolean })),
  training: described(array(object({ ...pair, settings: array(setting) })), 'what can matter to training at most'),
  compiled: described(array(setting), 'losses and metrics that the models were compiled with'),
  weights: object({
    compared: described(boolean, 'false where the values of one side are not at hand'),
    variables: described(count, 'that both have, with one shape'),
    changed: array(
      object({
        ...pair,
        shape: array(count),
        norm: described(measure, '||b - a||; null where only hashes are at hand'),
        relative: described(measure, '||b - a|| / ||a||; null also where a is all zeros'),
        largest: described(measure, 'max |b - a|'),
      }),
    ),
  }),
  cost: object({ before: cost, after: cost }),
  notes: described(
    array(object({ kind: oneOf('values', 'units', 'dtype', 'uncounted', 'writer'), message: string })),
    'what one has to know besides',
  ),
});

export type Diff = Static<typeof diffSchema>;
