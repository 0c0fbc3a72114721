import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Bundler, bundledSetUp, html, pageNames, pages } from './pages.ts';

/**
 * esbuild leaves `new URL('./digits.safetensors', import.meta.url)` as it is, so the weight file is copied beside the bundle. A `.wasm`
 * of a package comes along by the loader `file`.
 */
export const esbuild: Bundler = {
  setUp: (options) =>
    bundledSetUp(options, (specifier, name) => ({
      statement: `import ${name} from '${specifier}';`,
      url: `new URL(${name}, import.meta.url).href`,
    })),

  async build(folder) {
    const site = join(folder, 'dist');
    await build({
      entryPoints: pageNames.map((name) => join(folder, name, `page${pages[name].extension}`)),
      outbase: folder,
      outdir: site,
      bundle: true,
      format: 'esm',
      minify: true,
      loader: { '.wasm': 'file' },
      logLevel: 'silent',
    });
    for (const name of pageNames) {
      writeFileSync(join(site, name, 'index.html'), html('./page.js'));
      const weights = join(folder, name, 'digits.safetensors');
      if (existsSync(weights)) copyFileSync(weights, join(site, name, 'digits.safetensors'));
    }
    return site;
  },
};
