import { enableProdMode } from '@tensorflow/tfjs-core';

/** Has tfjs say nothing of itself: it recommends tfjs-node, which says what the processor could do. */
export function quieten(): void {
  enableProdMode();
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
}
