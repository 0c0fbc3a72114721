import { createRequire } from 'node:module';
import { enableProdMode, ready, setBackend } from '@tensorflow/tfjs-core';
import { fail } from '../diagnostics/error.ts';
import type { BackendChoice } from './choices.ts';

/** tfjs-node registers itself as the library that it calls. */
const REGISTERED = { node: 'tensorflow', wasm: 'wasm', cpu: 'cpu' } as const;

/**
 * Starts the first of some backends that is installed and runs here.
 * @returns its name among the choices
 * @throws SkipcError `backend-unavailable` where none does
 */
export async function startBackend(choices: readonly BackendChoice[]): Promise<BackendChoice> {
  // Else tfjs recommends tfjs-node.
  enableProdMode();
  const reasons: string[] = [];
  for (const choice of choices) {
    try {
      await registerBackend(choice);
      if (await setBackend(REGISTERED[choice])) {
        await ready();
        return choice;
      }
      reasons.push('it does not start');
    } catch (error) {
      reasons.push((error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '');
    }
  }
  return fail('backend-unavailable', { backends: choices, why: reasons.join('; ') });
}

async function registerBackend(choice: BackendChoice): Promise<void> {
  if (choice === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  else if (choice === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
  // It is no package that types are taken from: where it is not installed nothing but this call may know of it.
  else createRequire(import.meta.url)('@tensorflow/tfjs-node');
}
