import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Machine } from './results.ts';

const PACKAGES = ['tfjs-core', 'tfjs-layers', 'tfjs-converter', 'tfjs-backend-cpu', 'tfjs-backend-wasm', 'tfjs-node'];

const require = createRequire(import.meta.url);

/** What a run was made on. */
export function machine(): Machine {
  const [first] = cpus();
  const found = PACKAGES.map((name) => [name, versionOf(`@tensorflow/${name}`)] as const);
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    packages: Object.fromEntries(found.filter((pair): pair is [string, string] => pair[1] !== null)),
    date: new Date().toISOString().slice(0, 10),
  };
}

/** The version of a package that is installed, or null. Not all of them export their package.json. */
function versionOf(name: string): string | null {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string }).version;
    } catch {
      // Not in this folder: in one further up, or nowhere.
    }
  }
  return null;
}
