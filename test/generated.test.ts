import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CompileFlags, runCompile } from '../src/cli/compile.ts';
import { type GraphFlags, runGraph } from '../src/cli/graph.ts';

const MODEL = 'test/models/digits/model.json';

/** The checked-in examples, as they are compiled from the root of the repository. */
const examples: readonly CompileFlags[] = [{ output: ['aux'] }, { output: ['main'], hoist: ['block2_pool'], name: 'main-hoisted' }];

/** The picture of one of them, cut where it branches. */
const graph: GraphFlags = { output: ['aux'], hoist: ['block1_pool'], quiet: true };

const flags = (example: CompileFlags): CompileFlags => ({ ...example, outDir: 'generated', emitIr: true, quiet: true });

describe('generated/', () => {
  for (const example of examples) {
    it(`holds what skipc writes for ${JSON.stringify(example)}`, async () => {
      if (process.env['SKIPC_BLESS']) await runCompile(MODEL, flags(example));
      expect(await runCompile(MODEL, { ...flags(example), check: true }), 'run `npm run bless` and review the difference').toBe(0);
    });
  }

  it(`holds what skipc draws for ${JSON.stringify(graph)}`, async () => {
    if (process.env['SKIPC_BLESS']) await runGraph(MODEL, { ...graph, out: 'generated/aux.svg' });
    const folder = mkdtempSync(join(tmpdir(), 'skipc-drawn-'));
    await runGraph(MODEL, { ...graph, out: join(folder, 'aux.svg') });
    const drawn = readFileSync(join(folder, 'aux.svg'), 'utf8');
    rmSync(folder, { recursive: true });
    expect(drawn === readFileSync('generated/aux.svg', 'utf8'), 'run `npm run bless` and review the difference').toBe(true);
  });

  it('holds nothing else', () => {
    const names = new Set(examples.map(({ name, output }) => name ?? output?.join('-')));
    const stray = readdirSync('generated').filter((file) => !file.endsWith('.md') && !names.has(file.replace(/\.[a-z]+$/, '')));
    expect(stray).toEqual([]);
  });
});
