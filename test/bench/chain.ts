import { compile } from '../../src/compile.ts';

/** What a process that compiles a file tells of it. */
export interface Compilation {
  /** Of the call of `compile`, which reads the file. */
  readonly ms: number;
  readonly peakMegabytes: number;
}

// A process of its own for each: that is where peak memory can be told, and what a user of the command waits for.
const { file } = JSON.parse(process.argv[2] ?? '') as { file: string };
const start = performance.now();
await compile(file, { weights: 'none' });
const ms = performance.now() - start;
process.send?.({ ms, peakMegabytes: process.resourceUsage().maxRSS / 1024 } satisfies Compilation);
process.disconnect?.();
