import { entry, list } from './entry.ts';

/** What a module is verified against. */
export const verify = {
  'verify-against-unknown': entry<{ given: string }>(
    'invalid',
    ({ given }) => `there is nothing to verify against that is called ${JSON.stringify(given.slice(0, 100))}`,
    () => '--against takes layers, unoptimised, or a .npz file with inputs and outputs',
  ),
  'verify-no-layers': entry<{ reason: string }>(
    'invalid',
    ({ reason }) => `it cannot be verified against tfjs-layers: ${reason}`,
    () => 'leave --against layers out, or give a file that Keras wrote: --against values.npz',
  ),
  'verify-nothing-recorded': entry<{ has: readonly string[]; outputs: readonly string[] }>(
    'invalid',
    ({ has, outputs }) => `none of the arrays ${list(has)} is an output: these are ${list(outputs)}`,
    ({ outputs }) => `save what Keras gives as numpy.savez(path, **inputs, **{${JSON.stringify(outputs[0] ?? 'output')}: ...})`,
  ),
  'verify-module-unreadable': entry<{ path: string; why: string }>(
    'invalid',
    ({ path, why }) => `${JSON.stringify(path)} cannot be verified: ${why}`,
    () => 'name a module that skipc compile wrote: --module aux.ts',
  ),
  'verify-weights-unreadable': entry<{ path: string; module: string; why: string }>(
    'invalid',
    ({ path, module, why }) => `the weight file ${JSON.stringify(path)} of ${JSON.stringify(module)} cannot be read (${why})`,
    () => 'put it beside the module, or compile both again',
  ),
  'verify-module-other': entry<{ path: string; what: string; command: string | null }>(
    'invalid',
    ({ path, what }) => `${JSON.stringify(path)} is a module of another ${what}`,
    ({ command }) =>
      command === null
        ? 'give the model and the selection that it was compiled from, or compile it again'
        : `it says that it comes of: ${command}; verify it with the same selection, or compile it again`,
  ),
  'verify-nothing-run': entry<{ why: string }>(
    'invalid',
    ({ why }) => `nothing can be verified, as the program runs with none of the inputs that were tried: ${why}`,
    () => 'give inputs and outputs with --against values.npz, other --batch-sizes, or another --backend',
  ),
  'verify-too-large': entry<{ bytes: number; most: number }>(
    'invalid',
    ({ bytes, most }) => `the layers of one sample hold ${bytes} bytes in all, and at most ${most} are compared at once`,
    () => 'verify a part of the model: choose it with --input and --output',
  ),
  'backend-crashed': entry<{ why: string; layers: readonly string[] }>(
    'invalid',
    ({ why, layers }) => `the backend has crashed${layers.length === 0 ? '' : ` in ${list(layers)}`}: ${why}`,
    () => 'run it on another: --backend node or --backend cpu',
  ),
  'reduce-module': entry<{ path: string }>(
    'invalid',
    ({ path }) => `what differs is in the file ${JSON.stringify(path)}, and in no model that could be reduced`,
    () => 'compile it again; leave --reduce out',
  ),
} as const;
