import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { setBackend, tensor } from '@tensorflow/tfjs-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { esbuild } from './bundles/esbuild.ts';
import { type Bundler, compilePage, type Outcome, type PageName, PIXELS, pageNames, pages, SHAPE, writePages } from './bundles/pages.ts';
import { tsc } from './bundles/tsc.ts';
import { serveByVite, vite, viteInlining } from './bundles/vite.ts';
import { webpack } from './bundles/webpack.ts';
import { CHROMIUM, launchChromium, type StaticServer, serveFolder } from './page.ts';

const NO_CHROMIUM = 'no Chromium is found: CHROMIUM=/path names one';

interface Site {
  readonly name: string;
  readonly bundler: Bundler;
  readonly pages: readonly PageName[];
  /** Files of weights that the build puts beside its bundles; equal ones may be one. */
  readonly takesWeights: boolean;
  /** Files of the kernels of wasm. */
  readonly wasmFiles: number;
  /** True where the backend is the one of `digits.backend.ts`. */
  readonly picksKernels: boolean;
}

const sites: readonly Site[] = [
  { name: 'Vite', bundler: vite, pages: pageNames, takesWeights: true, wasmFiles: 3, picksKernels: true },
  {
    name: 'Vite with assets inlined',
    bundler: viteInlining,
    pages: ['cpu', 'wasm'],
    takesWeights: false,
    wasmFiles: 0,
    picksKernels: true,
  },
  { name: 'webpack', bundler: webpack, pages: pageNames, takesWeights: true, wasmFiles: 3, picksKernels: true },
  { name: 'esbuild', bundler: esbuild, pages: pageNames, takesWeights: true, wasmFiles: 3, picksKernels: true },
  { name: 'tsc and an import map', bundler: tsc, pages: pageNames, takesWeights: true, wasmFiles: 0, picksKernels: false },
];

/** Outside `node_modules`, whose files no bundler takes for sources, and where packages resolve as they do here. */
const folder = mkdtempSync(resolve('.skipc-bundles-'));

const expected = new Map<string, readonly number[]>();
let browser: Browser | undefined;

beforeAll(async () => {
  await setBackend('cpu');
  const compiled = await compilePage({ backend: 'cpu', weights: 'file' });

  const module = await compiled.instantiate();
  const w = await module.load();
  for (const [key, value] of Object.entries(module.predict(w, tensor([...PIXELS], [...SHAPE])))) expected.set(key, [...value.dataSync()]);
  expect([...expected.keys()]).toEqual(['main', 'aux', 'main_pool']);
  if (CHROMIUM !== undefined) browser = await launchChromium();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Loads a page, and expects it to compute what Node does, without an error and without a request that fails. */
async function expectSame(url: string, name: PageName): Promise<Outcome> {
  const context = await (browser as Browser).newContext();
  const tab = await context.newPage();
  const problems: string[] = [];
  tab.on('pageerror', (error) => problems.push(error.message));
  tab.on('requestfailed', (request) => problems.push(`${request.url()}: ${request.failure()?.errorText}`));
  tab.on('response', (response) => response.status() >= 400 && problems.push(`${response.url()}: ${response.status()}`));
  try {
    await tab.goto(url);
    // A dev server sends modules one by one: the page may be loaded before they are.
    const run = tab.waitForFunction('globalThis.result', null, { timeout: 30_000 }).then(() => tab.evaluate('globalThis.result'));
    const outcome = (await run.catch((error: unknown) => problems.push(String(error)))) as Outcome;
    expect(problems).toEqual([]);
    expect({ backend: outcome.backend, tensors: outcome.tensors }).toEqual({ backend: pages[name].backend, tensors: 0 });
    expect(Object.keys(outcome.values).sort()).toEqual([...expected.keys()].sort());
    for (const [key, values] of expected) {
      const found = outcome.values[key] ?? [];
      expect(found.length).toBe(values.length);
      // Of the largest value: float32 sums of some hundred products in another order.
      const scale = Math.max(...values.map(Math.abs));
      for (const [i, value] of values.entries()) expect(Math.abs((found[i] ?? Number.NaN) - value) / scale).toBeLessThan(1e-5);
    }
    return outcome;
  } finally {
    await context.close();
  }
}

/** The weight files of a folder, each content once: some bundlers write files of one content as one. */
function weightsIn(folder: string): Set<string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.safetensors'));
  return new Set(files.map((file) => readFileSync(join(folder, file), 'latin1')));
}

describe.each(sites)('$name', ({ name: title, bundler, pages: names, takesWeights, wasmFiles, picksKernels }) => {
  let here: string;
  let site: string;
  let server: StaticServer;
  let kernels: Record<PageName, readonly string[]>;

  beforeAll(async () => {
    here = join(folder, title.replaceAll(' ', '-'));
    kernels = await writePages(here, bundler.setUp);
    site = await bundler.build(here);
    server = await serveFolder(site, { node_modules: resolve('node_modules') });
  }, 120_000);
  afterAll(() => server?.close());

  it('takes along the weight file and the kernels of wasm', () => {
    const files = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(join(site, file)).isFile());
    expect(weightsIn(site)).toEqual(takesWeights ? weightsIn(here) : new Set());
    expect(files.filter((file) => file.endsWith('.wasm')).length).toBe(wasmFiles);
  });

  it.for(names)('computes what Node does: %s', async (name, { skip }) => {
    skip(CHROMIUM === undefined, NO_CHROMIUM);
    const { kernels: registered } = await expectSame(`${server.origin}/${name}/index.html`, name);
    if (picksKernels) expect(registered).toEqual(kernels[name]);
    else expect(registered.length).toBeGreaterThan(kernels[name].length);
  });
});

describe('the dev server of Vite', () => {
  let server: StaticServer;
  let kernels: Record<PageName, readonly string[]>;

  beforeAll(async () => {
    const here = join(folder, 'dev');
    kernels = await writePages(here, vite.setUp);
    server = await serveByVite(here);
  }, 120_000);
  afterAll(() => server?.close());

  it.for(pageNames)('computes what Node does: %s', async (name, { skip }) => {
    skip(CHROMIUM === undefined, NO_CHROMIUM);
    const { kernels: registered } = await expectSame(`${server.origin}/${name}/index.html`, name);
    expect(registered).toEqual(kernels[name]);
  });
});
