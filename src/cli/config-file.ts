import { existsSync, readFileSync } from 'node:fs';
import { type Config, configSchema } from '../config.ts';
import { fail } from '../diagnostics/error.ts';
import { parseJson } from '../read/json.ts';
import { validate } from '../schema/validate.ts';
import { importFault, importUserCode } from './user-code.ts';

const CODE = /\.[cm]?[jt]s$/;
const NAMES = ['ts', 'mts', 'js', 'mjs', 'json'].map((extension) => `skipc.config.${extension}`);

/**
 * The config in the working directory.
 * @throws SkipcError `model-missing` where there is none, `config-several`
 */
export function findConfig(): string {
  const [found, ...others] = NAMES.filter((name) => existsSync(name));
  if (found === undefined) fail('model-missing', { config: 'skipc.config.ts or skipc.config.json' });
  if (others.length > 0) fail('config-several', { configs: [found, ...others] });
  return found;
}

/**
 * Reads a config: JSON, or the default export of TypeScript or JavaScript, which is the user's own code and runs as such.
 * @throws SkipcError `file-not-found`, `file-unreadable`, `json-invalid`, `config-failed`, `config-invalid` with the JSON pointer
 */
export async function loadConfig(path: string): Promise<Config> {
  const text = textOf(path);
  return validate(configSchema, CODE.test(path) ? await exported(path) : parseJson(text, path), { file: path, pointer: '' });
}

async function exported(path: string): Promise<unknown> {
  const module = await importUserCode(path).catch((error: unknown) => fail('config-failed', { path, why: importFault(error) }));
  if (module.default === undefined) fail('config-invalid', { found: 'no default export', expected: 'a config' }, { file: path });
  return module.default;
}

/** Of code too: that a file cannot be read is then said as of any other. */
function textOf(path: string): string {
  if (!existsSync(path)) fail('file-not-found', { path });
  try {
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    return fail('file-unreadable', { path, reason: (error as NodeJS.ErrnoException).code ?? String(error) });
  }
}
