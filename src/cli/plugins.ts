import { existsSync } from 'node:fs';
import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '../diagnostics/error.ts';
import type { LayerRow } from '../layers/row.ts';

let registered = false;

/**
 * The rows that plug-in files export as default. A plug-in is the user's own code, and runs as such.
 * @throws SkipcError `plugin-missing`, `plugin-failed`, `plugin-invalid`
 */
export async function loadPlugins(paths: readonly string[] = []): Promise<readonly LayerRow[]> {
  if (paths.length > 0 && !registered) {
    register(new URL('./plugin-hooks.js', import.meta.url));
    registered = true;
  }
  const rows: LayerRow[] = [];
  for (const path of paths) rows.push(...(await rowsIn(path)));
  return rows;
}

async function rowsIn(path: string): Promise<readonly LayerRow[]> {
  const file = resolve(path);
  if (!existsSync(file)) fail('plugin-missing', { path });
  const module = await import(pathToFileURL(file).href).then(
    (loaded: { default?: unknown }) => loaded,
    (error: unknown) => fail('plugin-failed', { path, why: error instanceof Error ? error.message : String(error) }),
  );
  const rows = module.default === undefined ? [] : [module.default].flat();
  const valid = rows.filter(isRow);
  if (valid.length === 0 || valid.length < rows.length) fail('plugin-invalid', { path });
  return valid;
}

function isRow(value: unknown): value is LayerRow {
  if (typeof value !== 'object' || value === null) return false;
  const { className, config, lower } = value as Partial<LayerRow>;
  return typeof className === 'string' && typeof config === 'object' && config !== null && typeof lower === 'function';
}
