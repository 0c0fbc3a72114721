import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

let registered = false;

/**
 * Imports a file of the user's own, TypeScript or JavaScript, which runs as such.
 * @throws whatever importing it does
 */
export async function importUserCode(path: string): Promise<{ readonly default?: unknown }> {
  if (!registered) {
    register(new URL('./plugin-hooks.js', import.meta.url));
    registered = true;
  }
  return (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
}

/** Why an import failed, for a message. */
export const importFault = (error: unknown): string => (error instanceof Error ? error.message : String(error));
