import { array, described, integer, nullable, number, object, oneOf, type Static, string } from '../schema/build.ts';

const milliseconds = number({ minimum: 0 });

const kernel = object({
  name: described(string, 'as tfjs calls it'),
  calls: described(number({ minimum: 0 }), 'in one run'),
  milliseconds,
});
export type ProfiledKernel = Static<typeof kernel>;

const side = object({
  milliseconds: described(milliseconds, 'of one evaluation, as a caller has it: the median of all turns'),
  watchedMilliseconds: described(milliseconds, 'of a run while each of its layers is timed'),
  betweenMilliseconds: described(milliseconds, 'of these: checks, disposal, all that is no layer'),
  kernels: described(array(kernel), 'of all layers, those that take longest first'),
});
export type ProfiledSide = Static<typeof side>;

const layers = object({
  layers: described(array(string), 'paths: those that the module computes together'),
  classNames: described(array(string), 'of these'),
  stage: described(
    oneOf('prefix', 'suffix', 'none'),
    '`none`: the module does not run them, as no chosen output needs them or as they do nothing in evaluation',
  ),
  flops: described(number({ minimum: 0 }), 'of the module, for one sample'),
  milliseconds: described(nullable(milliseconds), 'of the module; null where it does not run them'),
  peerMilliseconds: described(nullable(milliseconds), 'of tfjs-layers; null where that was not run'),
  kernels: described(array(kernel), 'of the module'),
  peerKernels: described(array(kernel), 'of tfjs-layers'),
});
export type ProfiledLayers = Static<typeof layers>;

/** How long a program takes layer by layer, and tfjs-layers beside it. */
export const profileSchema = object({
  skipc: described(string, 'the version of skipc'),
  model: object({ name: string, hash: string }),
  program: object({ name: string, hash: string }),
  backend: string,
  batchSize: integer({ minimum: 1 }),
  runs: described(integer({ minimum: 1 }), 'how often each was timed, the module and tfjs-layers by turns'),
  weights: described(oneOf('model', 'random'), '`random` where the model came without'),
  module: side,
  peer: described(nullable(side), 'tfjs-layers running all of the model; null where it was not run'),
  peerAbsent: described(nullable(string), 'why it was not'),
  perLayer: described(array(layers), 'in the order of the program; what the module does not run comes behind'),
});
export type Profile = Static<typeof profileSchema>;
