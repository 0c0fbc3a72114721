import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Bundler, html, pageNames, pages } from './pages.ts';

const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    lib: ['es2022', 'dom'],
    module: 'esnext',
    moduleResolution: 'bundler',
    types: [],
    strict: true,
    skipLibCheck: true,
    rewriteRelativeImportExtensions: true,
    rootDir: '.',
    outDir: 'dist',
  },
  include: ['*/*.ts'],
};

const TFJS = '/node_modules/@tensorflow';

/** Stands in for what is imported for Node, or to draw random numbers, and what no program of skipc calls. */
const EMPTY = 'data:text/javascript,export default {}';

/**
 * Where a page finds packages: their flat ES modules. (`dist/index.js` of tfjs is for bundlers: its imports have no extensions, and reach
 * CommonJS.)
 */
const IMPORT_MAP = {
  imports: {
    '@tensorflow/tfjs-core': `${TFJS}/tfjs-core/dist/tf-core.fesm.min.js`,
    '@tensorflow/tfjs-backend-cpu': `${TFJS}/tfjs-backend-cpu/dist/tf-backend-cpu.fesm.min.js`,
    '@tensorflow/tfjs-backend-wasm': `${TFJS}/tfjs-backend-wasm/dist/tf-backend-wasm.fesm.min.js`,
    '@tensorflow/tfjs-backend-webgl': `${TFJS}/tfjs-backend-webgl/dist/tf-backend-webgl.fesm.min.js`,
    seedrandom: EMPTY,
    fs: EMPTY,
    path: EMPTY,
    perf_hooks: EMPTY,
    os: EMPTY,
  },
};

/**
 * No bundler: tsc writes a `.js` beside which the weight file is copied, and an import map names the packages. The whole backend is
 * imported in place of `digits.backend.ts`, whose kernels only a bundler can take out of their package; its types are checked all the same.
 */
export const tsc: Bundler = {
  setUp: ({ backend }) =>
    backend === 'wasm'
      ? `import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';\nsetWasmPaths('${TFJS}/tfjs-backend-wasm/dist/');`
      : `import '@tensorflow/tfjs-backend-${backend}';`,

  async build(folder) {
    const site = join(folder, 'dist');
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    await promisify(execFile)(process.execPath, [TSC, '-p', folder]);
    for (const name of pageNames) {
      const { extension, weights } = pages[name];
      const copied = [
        ...(weights === 'file' ? ['digits.safetensors'] : []),
        // What is JavaScript already needs no compiler.
        ...(extension === '.mjs' ? ['digits.mjs', 'page.mjs'] : []),
      ];
      mkdirSync(join(site, name), { recursive: true });
      for (const file of copied) copyFileSync(join(folder, name, file), join(site, name, file));
      const script = extension === '.mjs' ? './page.mjs' : './page.js';
      writeFileSync(join(site, name, 'index.html'), html(script, `<script type="importmap">${JSON.stringify(IMPORT_MAP)}</script>`));
    }
    return site;
  },
};
