import { dense } from './core/dense.ts';
import type { LayerRow } from './row.ts';

/** Every built-in layer. Adding one is its file and a line here. */
export const layerRows = [dense] as unknown as readonly LayerRow[];

/** Rows by every class name under which they are saved. */
export const builtInLayers: ReadonlyMap<string, LayerRow> = new Map(
  layerRows.flatMap((row) => [row.className, ...(row.aliases ?? [])].map((name) => [name, row] as const)),
);
