import { bundleScripts } from '../bundled-script.mjs';

// Named by what starts them: main.ts itself, and the processes it starts (worker.ts, epoch.ts, chain.ts).
const entry = (name) => new URL(`${name}.ts`, import.meta.url).pathname;
const { bench } = await bundleScripts({ bench: entry('main'), 'bench-worker': entry('worker'), 'bench-epoch': entry('epoch'), 'bench-chain': entry('chain') });
await import(bench.href);
