import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Compiled, compile } from '../../src/compile.ts';
import { emitBackend } from '../../src/emit/backend.ts';
import { toDeclarations, toJavaScript } from '../../src/emit/javascript.ts';

export type PageBackend = 'cpu' | 'wasm' | 'webgl';

interface PageOptions {
  readonly backend: PageBackend;
  readonly weights: 'file' | 'inline';
  /** Of the sources: what skipc writes, with `--js` or without. */
  readonly extension: '.ts' | '.mjs';
}

/** The pages of a site, by the folder each stands in. */
export const pages = {
  cpu: { backend: 'cpu', weights: 'file', extension: '.ts' },
  wasm: { backend: 'wasm', weights: 'file', extension: '.ts' },
  webgl: { backend: 'webgl', weights: 'file', extension: '.ts' },
  inline: { backend: 'cpu', weights: 'inline', extension: '.ts' },
  javascript: { backend: 'cpu', weights: 'file', extension: '.mjs' },
} as const satisfies Record<string, PageOptions>;

export type PageName = keyof typeof pages;
export const pageNames = Object.keys(pages) as PageName[];

/** One way from a folder of sources to pages that a server of plain files can serve. */
export interface Bundler {
  /** What a page imports and calls before it loads the module, so that its backend is there. */
  setUp(options: PageOptions): string;
  /**
   * Builds the pages of a folder.
   * @returns the folder to serve; a page is `NAME/index.html` in it
   */
  build(folder: string): Promise<string>;
}

/** What a page leaves in `globalThis.result`. */
export interface Outcome {
  readonly backend: string;
  /** Names of the kernels that are registered for it. */
  readonly kernels: readonly string[];
  /** Tensors that are left when all that the page owns is disposed. */
  readonly tensors: number;
  readonly values: Readonly<Record<string, readonly number[]>>;
}

const DIGITS = 'test/models/digits';

/** Ten digits, f32[10,28,28,1] in 0..1. */
export const SHAPE: readonly number[] = [10, 28, 28, 1];
export const PIXELS: readonly number[] = (
  JSON.parse(readFileSync(`${DIGITS}/sample.json`, 'utf8')) as { readonly pixels: readonly (readonly number[])[] }[]
).flatMap(({ pixels }) => pixels.flat().map((grey) => grey / 255));

/** Both heads, and the features of one: what a softmax flattens stands out there. */
export const compilePage = ({ backend, weights }: Pick<PageOptions, 'backend' | 'weights'>): Promise<Compiled> =>
  compile(`${DIGITS}/model.json`, { name: 'digits', outputs: ['main', 'aux', 'main_pool'], backend, weights });

/**
 * Writes into a folder for each page what skipc writes for its backend (`digits.ts`, `digits.backend.ts` and, unless the weights are in
 * the module, `digits.safetensors`), a `page.ts` that uses it, and the `index.html` that runs this.
 * @returns by page, the kernels that `digits.backend.ts` registers
 */
export async function writePages(folder: string, setUp: Bundler['setUp']): Promise<Record<PageName, readonly string[]>> {
  const kernels: [PageName, readonly string[]][] = [];
  for (const name of pageNames) {
    const options = pages[name];
    const { backend, weights: where, extension } = options;
    const { code, weights, analysis } = await compilePage(options);
    const registration = emitBackend(analysis.program, backend) ?? '';
    const files: Record<string, string | Uint8Array | null> = {
      'digits.safetensors': where === 'file' ? weights : null,
      'index.html': html(`./page${extension}`),
      [`digits.backend${extension}`]: registration,
      ...(extension === '.ts'
        ? { 'digits.ts': code, 'page.ts': page(setUp(options), extension) }
        : {
            'digits.mjs': toJavaScript(code),
            'digits.d.mts': toDeclarations(code),
            'page.mjs': toJavaScript(page(setUp(options), extension)),
          }),
    };
    mkdirSync(join(folder, name), { recursive: true });
    for (const [file, content] of Object.entries(files)) if (content !== null) writeFileSync(join(folder, name, file), content);
    kernels.push([name, [...registration.matchAll(/\/kernels\/(\w+)/g)].map(([, kernel = '']) => kernel).sort()]);
  }
  return Object.fromEntries(kernels) as Record<PageName, readonly string[]>;
}

/** A document that runs a script; `head` stands before it. */
export const html = (script: string, head = ''): string =>
  `<!doctype html><meta charset="utf-8"><title>digits</title><link rel="icon" href="data:,">${head}<script type="module" src="${script}"></script>\n`;

const page = (setUp: string, extension: string): string => `${setUp}
import { getBackend, getKernelsForBackend, memory, tensor } from '@tensorflow/tfjs-core';
import { dispose, load, type Outputs, predict } from './digits${extension}';

async function run(): Promise<object> {
  const w = await load();
  const x = tensor(${JSON.stringify(PIXELS)}, ${JSON.stringify(SHAPE)});
  const outputs: Outputs = predict(w, x);
  const values: Record<string, number[]> = {};
  for (const [key, value] of Object.entries(outputs)) values[key] = [...(await value.data())];
  for (const value of [x, ...Object.values(outputs)]) value.dispose();
  dispose(w);
  const backend = getBackend();
  const kernels = getKernelsForBackend(backend).map(({ kernelName }) => kernelName);
  return { backend, kernels: kernels.sort(), tensors: memory().numTensors, values };
}

Object.assign(globalThis, { result: run() });
`;

/** The kernels of wasm are in one of these, as the browser allows; the backend asks for all by name. */
const WASM_BINARIES = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm'];

/**
 * The set-up of a page whose bundler takes the kernels of one program, and what the kernels of wasm need besides.
 * @param binary how this bundler is told of a file in a package: statements, and the expression that is its URL
 */
export function bundledSetUp(
  { backend, extension }: PageOptions,
  binary: (specifier: string, name: string) => { readonly statement: string; readonly url: string },
): string {
  const registration = `import './digits.backend${extension}';`;
  if (backend !== 'wasm') return registration;
  const binaries = WASM_BINARIES.map((file, i) => ({ file, ...binary(`@tensorflow/tfjs-backend-wasm/dist/${file}`, `binary${i}`) }));
  return [
    "import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm/dist/base';",
    ...binaries.map(({ statement }) => statement),
    registration,
    `setWasmPaths({ ${binaries.map(({ file, url }) => `'${file}': ${url}`).join(', ')} });`,
  ].join('\n');
}
