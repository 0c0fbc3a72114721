import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EsbuildPlugin } from 'esbuild-loader';
import webpackCompiler from 'webpack';
import { type Bundler, bundledSetUp, html, pageNames, pages } from './pages.ts';

/**
 * webpack 5 takes along every file that stands in `new URL('...', import.meta.url)`, from packages too. TypeScript needs a loader, and
 * JavaScript that Node would take for an ES module must be let import without extensions.
 */
export const webpack: Bundler = {
  setUp: (options) => bundledSetUp(options, (specifier) => ({ statement: '', url: `new URL('${specifier}', import.meta.url).href` })),

  async build(folder) {
    const site = join(folder, 'dist');
    const compiler = webpackCompiler({
      mode: 'production',
      context: folder,
      entry: Object.fromEntries(pageNames.map((name) => [name, `./${name}/page${pages[name].extension}`])),
      output: { path: site, filename: '[name]/page.js' },
      module: {
        rules: [{ test: /\.ts$/, loader: 'esbuild-loader', options: { target: 'es2022' } }],
      },
      // Its own minifier takes ten times as long.
      optimization: { minimizer: [new EsbuildPlugin({ target: 'es2022' })] },
      performance: { hints: false },
    });
    const stats = await promisify(compiler.run.bind(compiler))();
    await promisify(compiler.close.bind(compiler))();
    const { errors = [], warnings = [] } = stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};
    if (errors.length + warnings.length > 0) throw new Error([...errors, ...warnings].map(({ message }) => message).join('\n'));
    for (const name of pageNames) writeFileSync(join(site, name, 'index.html'), html('./page.js'));
    return site;
  },
};
