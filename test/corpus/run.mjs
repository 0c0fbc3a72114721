import { bundleScripts } from '../bundled-script.mjs';

const main = process.env['SKIPC_ENTRY'] ?? new URL('main.ts', import.meta.url).pathname;
const { corpus } = await bundleScripts({ corpus: main });
await import(corpus.href);
