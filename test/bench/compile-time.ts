import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelCase } from '../golden.ts';
import type { Compilation } from './chain.ts';
import { runChild } from './child.ts';
import { mlpTopology } from './mlp.ts';
import type { CompileTime } from './results.ts';
import { median } from './statistics.ts';

const CHAINS = [100, 1_000, 10_000, 100_000];
/** Of what takes seconds, one run tells enough. */
const REPEATS = 3;
const LONG_MS = 10_000;

interface Topology {
  readonly what: string;
  readonly layers: number;
  json(): object;
}

/** Compiles topologies, without weights, each in a process of its own; of several runs the median counts. */
export async function* compileTimes(): AsyncGenerator<CompileTime> {
  const resnet = modelCase('resnet50').keras2 as { config: { layers: readonly object[] } };
  const topologies: Topology[] = [
    ...CHAINS.map((layers) => ({ what: `chain of ${layers} dense layers`, layers, json: () => mlpTopology(layers, 4) })),
    { what: 'ResNet50', layers: resnet.config.layers.length, json: () => resnet },
  ];
  const folder = mkdtempSync(join(tmpdir(), 'skipc-bench-'));
  try {
    for (const { what, layers, json } of topologies) {
      const file = join(folder, `${layers}.json`);
      writeFileSync(file, JSON.stringify(json()));
      yield { what, layers, ...(await compiled(file)) };
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compiled(file: string): Promise<Pick<CompileTime, 'ms' | 'processMs' | 'peakMegabytes'>> {
  const runs: { readonly ms: number; readonly processMs: number; readonly peakMegabytes: number }[] = [];
  do {
    const start = performance.now();
    const told: Compilation[] = [];
    await runChild<Compilation>('bench-chain', { file }, (message) => told.push(message));
    const [compilation] = told;
    if (compilation === undefined) throw new Error('the process said nothing');
    runs.push({ ...compilation, processMs: performance.now() - start });
  } while (runs.length < REPEATS && (runs[0]?.ms ?? 0) < LONG_MS);
  return {
    ms: median(runs.map(({ ms }) => ms)),
    processMs: median(runs.map(({ processMs }) => processMs)),
    peakMegabytes: median(runs.map(({ peakMegabytes }) => peakMegabytes)),
  };
}
