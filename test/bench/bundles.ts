import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { compile } from '../../src/compile.ts';
import { emitBackend } from '../../src/emit/backend.ts';
import type { BundleSize } from './results.ts';

const MODEL = fileURLToPath(new URL('../models/digits/model.json', import.meta.url));
/** Packages are found from here as from the sources. */
const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/bench-bundles/', import.meta.url));

const BACKENDS = ['core', 'cpu', 'wasm', 'webgl'] as const;

/** What pages that load the whole model with tfjs import: all of tfjs, or what they need of it. */
const UNION: ReadonlyMap<string, string> = new Map([
  ['tfjs union, loadLayersModel', "import * as tf from '@tensorflow/tfjs';\nconst { loadLayersModel, tensor } = tf;"],
  [
    'tfjs core, cpu backend and layers, loadLayersModel',
    "import '@tensorflow/tfjs-backend-cpu';\nimport { tensor } from '@tensorflow/tfjs-core';\nimport { loadLayersModel } from '@tensorflow/tfjs-layers';",
  ],
  [
    'tfjs core, webgl backend and converter, loadGraphModel',
    "import '@tensorflow/tfjs-backend-webgl';\nimport { tensor } from '@tensorflow/tfjs-core';\nimport { loadGraphModel as loadLayersModel } from '@tensorflow/tfjs-converter';",
  ],
]);

const SHAPE = '[1, 28, 28, 1]';

/** Sizes of pages that evaluate the small head of a model of digits, minified by esbuild; weights and .wasm files come beside them. */
export async function* bundleSizes(): AsyncGenerator<BundleSize> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  try {
    for (const backend of BACKENDS) {
      const { code, analysis } = await compile(MODEL, { outputs: ['aux'], name: `aux-${backend}`, backend });
      writeFileSync(join(FOLDER, `${backend}.ts`), code);
      const registration = emitBackend(analysis.program, backend);
      if (registration !== null) writeFileSync(join(FOLDER, `${backend}.backend.ts`), registration);
      const page = [
        registration === null ? '' : `import './${backend}.backend.ts';`,
        `import { load, predict } from './${backend}.ts';`,
        "import { tensor } from '@tensorflow/tfjs-core';",
        `load().then((w) => predict(w, tensor(new Float32Array(784), ${SHAPE})).aux.data()).then(console.log);`,
      ];
      yield await sizeOf(registration === null ? 'skipc, no backend' : `skipc, ${backend} backend with its kernels`, page.join('\n'));
    }
    for (const [what, imports] of UNION) {
      const use = `loadLayersModel('model.json').then((model) => model.predict(tensor(new Float32Array(784), ${SHAPE}))[1].data()).then(console.log);`;
      yield await sizeOf(what, `${imports}\n${use}`);
    }
  } finally {
    rmSync(FOLDER, { recursive: true, force: true });
  }
}

async function sizeOf(what: string, page: string): Promise<BundleSize> {
  const entry = join(FOLDER, 'page.ts');
  writeFileSync(entry, page);
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  const bytes = outputFiles.reduce((sum, { contents }) => sum + contents.length, 0);
  const gzipBytes = outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  return { what, bytes, gzipBytes };
}
