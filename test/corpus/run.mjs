// Runs main.ts as it is: every module keeps its own URL, by which some of skipc's find files beside them.
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const outfile = new URL('../../node_modules/.cache/corpus.mjs', import.meta.url);

const ownUrls = {
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\](src|test)[/\\].*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: 'ts' };
    });
  },
};

await build({
  entryPoints: [process.env['SKIPC_ENTRY'] ?? new URL('main.ts', import.meta.url).pathname],
  bundle: true,
  platform: 'node',
  packages: 'external',
  format: 'esm',
  logLevel: 'warning',
  outfile: outfile.pathname,
  plugins: [ownUrls],
});
await import(outfile.href);
