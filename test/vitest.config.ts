import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Where VITEST_JSON names a file, the results are also written there, for a script to add up.
const json = process.env['VITEST_JSON'];

const source = (name: string): string => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url));

export default defineConfig({
  // What plug-ins and examples import is this skipc.
  resolve: {
    alias: [
      { find: /^skipc$/, replacement: source('index') },
      { find: 'skipc/plugin', replacement: source('plugin') },
      { find: /^skipc\/evaluate$/, replacement: source('evaluate/index') },
      { find: 'skipc/evaluate/disk', replacement: source('evaluate/disk') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    reporters: json === undefined ? ['default'] : ['default', 'json'],
    ...(json === undefined ? {} : { outputFile: { json } }),
  },
});
