import { array, described, integer, nullable, object, oneOf, type Static, string } from '../schema/build.ts';

const refused = object({
  pass: string,
  rule: string,
  value: described(string, 'the result of the op at which the rule looked'),
  why: described(string, 'completes "not rewritten: "'),
});

/** What became of a layer, and why. */
export const explanationSchema = object({
  layer: described(string, 'its path'),
  className: string,
  fate: described(
    oneOf('kept', 'folded', 'fused', 'merged', 'joined', 'load', 'replaced', 'identity', 'skipped', 'removed'),
    '`folded`, `fused`, `merged` and `joined` are computed with the layers in `into`, `load` by load() alone, `replaced` by something ' +
      'equal; `identity` does nothing in evaluation, `skipped` was told to, `removed` is not needed',
  ),
  into: described(array(string), 'the layers that it is computed with'),
  stage: described(nullable(oneOf('load', 'prefix', 'suffix')), 'the last in which something of it is computed; null where nothing is'),
  ops: described(integer({ minimum: 0 }), 'that run for each input, of it and of what is computed with it'),
  kernels: described(array(string), 'of tfjs, that these run'),
  because: described(array(string), 'in words'),
  refused: described(array(refused), 'rewrites that looked as if they fitted'),
});
export type Explanation = Static<typeof explanationSchema>;
export type Fate = Explanation['fate'];
