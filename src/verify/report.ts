import { anyNumber } from '../eval/numbers.ts';
import { array, boolean, described, either, integer, nullable, number, object, oneOf, type Static, string } from '../schema/build.ts';

/** Bumped where what was written before would be misunderstood. */
export const FORMAT = 1;

const count = integer({ minimum: 0 });
const element = either(anyNumber, string);
const shape = array(count);

const caseSchema = object({
  inputs: described(string, 'what the inputs held'),
  batch: count,
  sizes: described(array(object({ symbol: string, size: count })), 'those that the model leaves open'),
});

const check = object({
  against: described(string, '`unoptimised`, `layers`, `compiled` (this compilation, beside a module on disk), or a file'),
  inputs: string,
  batches: array(count),
  values: described(count, 'how many were compared'),
  error: described(anyNumber, "the largest difference, as part of its value's largest magnitude"),
  allowed: described(anyNumber, 'what rounding may come to there, as part of the same'),
  at: described(nullable(string), 'where that is'),
  ties: described(count, 'elements that rounding alone decides, and that differ'),
  agrees: boolean,
});

const finding = object({
  kind: described(oneOf('value', 'failure', 'weights', 'memory', 'repeat'), '`failure`: it throws'),
  against: nullable(string),
  what: string,
  fault: described(
    oneOf('module', 'weights', 'pass', 'emission', 'model'),
    'what is at fault: the text of a module on disk, its weights, a pass, what skipc writes, or a layer row, the model or its weights',
  ),
  layers: array(object({ path: string, className: string })),
  value: described(nullable(string), 'the first that differs'),
  op: nullable(string),
  line: described(nullable(count), 'of the module'),
  statement: nullable(string),
  pass: nullable(string),
  rule: described(nullable(string), 'of the pass, where it can be told'),
  case: nullable(caseSchema),
  shape: nullable(shape),
  index: described(nullable(shape), 'of the largest difference'),
  found: nullable(element),
  expected: nullable(element),
  error: nullable(anyNumber),
  allowed: nullable(anyNumber),
  next: described(array(string), 'what to do'),
});
export type Finding = Static<typeof finding>;

/** What `skipc verify` reports, for people (tables) and for programs (`--json`). */
export const verificationSchema = object({
  'skipc-verification': oneOf(FORMAT),
  skipc: string,
  model: object({ name: string, hash: string }),
  program: object({ name: string, hash: string }),
  module: described(nullable(string), 'the module on disk; null where it was compiled for this'),
  backend: string,
  weights: oneOf('model', 'random', 'none'),
  seed: count,
  verified: boolean,
  references: array(
    object({
      name: string,
      why: described(nullable(string), 'it was not compared; null where it was'),
      known: described(array(object({ layer: string, what: string })), 'differences from Keras that were met'),
    }),
  ),
  cases: object({ run: count, of: described(count, 'as many as there are; fewer run where the model is large'), refused: count }),
  checks: array(check),
  findings: array(finding),
  notes: array(string),
  reduced: described(nullable(object({ path: string, layers: count, against: nullable(string) })), 'the model that `--reduce` wrote'),
  seconds: number({ minimum: 0 }),
});
export type Verification = Static<typeof verificationSchema>;
export type Check = Verification['checks'][number];
