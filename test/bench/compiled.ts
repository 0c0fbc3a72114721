import { type Compiled, compile } from '../../src/compile.ts';
import type { Backend } from '../../src/rewrite/backends.ts';
import type { BackendName } from '../backends.ts';
import type { Setting } from './peers/peer.ts';

/** What `--backend` calls each of the backends. */
export const BACKEND: Readonly<Record<BackendName, 'cpu' | 'wasm' | 'node'>> = { cpu: 'cpu', wasm: 'wasm', tensorflow: 'node' };

const cache = new Map<string, Promise<Compiled>>();

/**
 * What is asked of a model, compiled; the same at every call.
 * @param backend what to compile for; by default the one it runs on
 * @param skipPasses passes to leave out
 */
export function compiledFor(
  { model, question, backend }: Setting,
  { target = BACKEND[backend], skipPasses = [] }: { target?: Backend; skipPasses?: readonly string[] } = {},
): Promise<Compiled> {
  const key = JSON.stringify([model.name, question, target, skipPasses]);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const { outputs, suffix } = question;
  const compiled = compile(model.artifacts(), { outputs, backend: target, skipPasses, ...(suffix ? { hoist: 'auto' } : {}) });
  cache.set(key, compiled);
  return compiled;
}
