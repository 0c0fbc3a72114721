import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, extname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { emitBackend } from '../src/emit/backend.ts';
import { scratchFolder } from './built-cli.ts';

const CHROMIUM = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);

/** Nothing but the page may use the network. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const MODEL = 'test/models/digits/model.json';
const SHAPE = [2, 28, 28, 1];
const PIXELS = Array.from({ length: SHAPE.reduce((product, size) => product * size, 1) }, (_, i) => Math.abs(Math.sin(i)));

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

describe.skipIf(CHROMIUM === undefined)('in Chromium', () => {
  const folder = scratchFolder('browser');
  let browser: Browser;
  let server: Server;
  let origin: string;
  const expected = new Map<string, readonly number[]>();

  beforeAll(async () => {
    const wasm = join('node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');
    server = createServer((request, response) => {
      const file = basename(new URL(request.url ?? '/', 'http://localhost').pathname);
      const path = join(extname(file) === '.wasm' ? wasm : folder, file);
      if (!existsSync(path)) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(path));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({ executablePath: CHROMIUM as string, args: FLAGS });

    const compiled = await compile(MODEL);
    const module = await compiled.instantiate();
    const w = await module.load();
    const x: Tensor = tensor(PIXELS, SHAPE);
    for (const [key, value] of Object.entries(module.predict(w, x))) expected.set(key, [...value.dataSync()]);
    expect(expected.size).toBe(compiled.summary.outputs.length);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Bundles a page that imports a module compiled for a backend, with the weight file beside it, and returns what it computes. */
  async function inPage(backend: 'cpu' | 'wasm', setUp = ''): Promise<Record<string, number[]>> {
    const { code, weights, analysis } = await compile(MODEL, { name: backend, backend });
    writeFileSync(join(folder, `${backend}.ts`), code);
    writeFileSync(join(folder, `${backend}.safetensors`), weights as Uint8Array);
    writeFileSync(join(folder, `${backend}.backend.ts`), emitBackend(analysis.program, backend) as string);
    const page = `${setUp}
      import './${backend}.backend.ts';
      import { load, predict, dispose, type Outputs } from './${backend}.ts';
      import { getBackend, memory, tensor } from '@tensorflow/tfjs-core';
      declare const globals: { result: Promise<object> };
      async function run(): Promise<object> {
        const w = await load();
        const x = tensor(${JSON.stringify(PIXELS)}, ${JSON.stringify(SHAPE)});
        const outputs: Outputs = predict(w, x);
        const values = Object.entries(outputs).map(async ([key, value]): Promise<[string, number[]]> => [key, [...await value.data()]]);
        const result = Object.fromEntries(await Promise.all(values));
        for (const value of [x, ...Object.values(outputs)]) value.dispose();
        dispose(w);
        return { backend: getBackend(), tensors: memory().numTensors, result };
      }
      Object.assign(globalThis, { result: run() });`;
    writeFileSync(join(folder, `${backend}.page.ts`), page);
    await build({
      entryPoints: [join(folder, `${backend}.page.ts`)],
      outfile: join(folder, `${backend}.js`),
      bundle: true,
      format: 'esm',
      minify: true,
      logLevel: 'silent',
    });
    writeFileSync(
      join(folder, `${backend}.html`),
      `<!doctype html><title>${backend}</title><script type="module" src="${backend}.js"></script>`,
    );
    const context = await browser.newContext();
    const tab = await context.newPage();
    const problems: string[] = [];
    tab.on('pageerror', (error) => problems.push(error.message));
    await tab.goto(`${origin}/${backend}.html`);
    const outcome = (await tab.evaluate('globalThis.result')) as { backend: string; tensors: number; result: Record<string, number[]> };
    await context.close();
    expect(problems).toEqual([]);
    expect({ backend: outcome.backend, tensors: outcome.tensors }).toEqual({ backend, tensors: 0 });
    return outcome.result;
  }

  function expectSame(result: Readonly<Record<string, readonly number[]>>): void {
    expect(Object.keys(result).sort()).toEqual([...expected.keys()].sort());
    for (const [key, values] of expected) {
      expect(result[key]?.length).toBe(values.length);
      for (const [i, value] of values.entries()) expect(result[key]?.[i]).toBeCloseTo(value, 5);
    }
  }

  it('a bundle with the cpu kernels of one program computes what Node does', async () => {
    expectSame(await inPage('cpu'));
  }, 60_000);

  it('a bundle with the wasm kernels of one program computes what Node does', async () => {
    expectSame(
      await inPage('wasm', `import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm/dist/base';\nsetWasmPaths('${origin}/');`),
    );
  }, 60_000);
});
