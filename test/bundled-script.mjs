// Scripts of the tests are TypeScript: they run from a bundle, in which every module keeps its own URL, by which some of skipc's find files
// beside them.
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ownUrls = {
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\](src|test)[/\\].*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: 'ts' };
    });
  },
};

/**
 * Bundles scripts into node_modules/.cache, where packages are found as from the sources.
 * @param entries paths of the scripts by the names that the bundles get
 * @returns the URLs of the bundles by these names
 */
export async function bundleScripts(entries) {
  const folder = new URL('../node_modules/.cache/', import.meta.url);
  await build({
    entryPoints: entries,
    bundle: true,
    platform: 'node',
    packages: 'external',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    logLevel: 'warning',
    outdir: folder.pathname,
    plugins: [ownUrls],
  });
  return Object.fromEntries(Object.keys(entries).map((name) => [name, new URL(`${name}.mjs`, folder)]));
}
