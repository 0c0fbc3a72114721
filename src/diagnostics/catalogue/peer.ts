import { entry } from './entry.ts';

/** Running the model in tfjs-layers, beside the compiled module. */
export const peer = {
  'tfjs-layers-missing': entry<{ why: string }>(
    'invalid',
    ({ why }) => `the model cannot be run in tfjs-layers: ${why}`,
    () => 'install it beside skipc, in the version of @tensorflow/tfjs-core: npm install --save-dev @tensorflow/tfjs-layers',
  ),
} as const;
