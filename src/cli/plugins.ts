import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail } from '../diagnostics/error.ts';
import type { LayerRow } from '../layers/row.ts';
import { importFault, importUserCode } from './user-code.ts';

/**
 * The rows that plug-in files export as default. A plug-in is the user's own code, and runs as such.
 * @throws SkipcError `plugin-missing`, `plugin-failed`, `plugin-invalid`
 */
export async function loadPlugins(paths: readonly string[] = []): Promise<readonly LayerRow[]> {
  const rows: LayerRow[] = [];
  for (const path of paths) rows.push(...(await rowsIn(path)));
  return rows;
}

async function rowsIn(path: string): Promise<readonly LayerRow[]> {
  if (!existsSync(resolve(path))) fail('plugin-missing', { path });
  const module = await importUserCode(path).catch((error: unknown) => fail('plugin-failed', { path, why: importFault(error) }));
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
