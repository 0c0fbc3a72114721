import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Where VITEST_JSON names a file, the results are also written there, for a script to add up.
const json = process.env['VITEST_JSON'];

export default defineConfig({
  // What plug-ins import is this skipc.
  resolve: { alias: { 'skipc/plugin': fileURLToPath(new URL('../src/plugin.ts', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    reporters: json === undefined ? ['default'] : ['default', 'json'],
    ...(json === undefined ? {} : { outputFile: { json } }),
  },
});
