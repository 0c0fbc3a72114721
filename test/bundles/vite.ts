import { join } from 'node:path';
import { type BuildOptions, build, createServer, type InlineConfig } from 'vite';
import type { StaticServer } from '../page.ts';
import { type Bundler, bundledSetUp, pageNames } from './pages.ts';

/** What is said here would not be in the config of an application that stands in its own folder. */
const config = (folder: string): InlineConfig => ({
  configFile: false,
  root: folder,
  cacheDir: join(folder, '.vite'),
  logLevel: 'silent',
});

/** Vite takes the weight file along from `new URL(...)`, and a file of a package where its import ends in `?url`. */
export const vite: Bundler = {
  setUp: (options) => bundledSetUp(options, (specifier, name) => ({ statement: `import ${name} from '${specifier}?url';`, url: name })),
  build: (folder) => buildPages(folder, 'dist', {}),
};

/** As `vite`, of assets that are below `assetsInlineLimit` (4 kB, unless a config says otherwise): they become `data:` URLs. */
export const viteInlining: Bundler = { ...vite, build: (folder) => buildPages(folder, 'dist', { assetsInlineLimit: 2 ** 30 }) };

async function buildPages(folder: string, name: string, options: BuildOptions): Promise<string> {
  const outDir = join(folder, name);
  const input = pageNames.map((page) => join(folder, page, 'index.html'));
  await build({ ...config(folder), build: { outDir, rolldownOptions: { input }, ...options } });
  return outDir;
}

/** Serves the sources by Vite's dev server, which bundles packages only. */
export async function serveByVite(folder: string): Promise<StaticServer> {
  const server = await createServer({ ...config(folder), server: { host: '127.0.0.1', port: 0, hmr: false } });
  await server.listen();
  const [url] = server.resolvedUrls?.local ?? [];
  if (url === undefined) throw new Error('the dev server of Vite has no address');
  return { origin: url.replace(/\/$/, ''), close: () => server.close() };
}
