import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CompileFlags, runCompile } from '../src/cli/compile.ts';
import { type GraphFlags, runGraph } from '../src/cli/graph.ts';

const MODEL = 'test/models/digits/model.json';

/** The checked-in examples, as they are compiled from the root of the repository. */
const examples: readonly CompileFlags[] = [{ output: ['aux'] }, { output: ['main'], hoist: ['block2_pool'], name: 'main-hoisted' }];

/** The checked-in pictures: that of the README, of a program that is cut where it branches, and that of the tour. */
const pictures: readonly (readonly [file: string, model: string, flags: GraphFlags])[] = [
  ['generated/aux.svg', MODEL, { output: ['aux'], hoist: ['block1_pool'], quiet: true }],
  ['test/examples/tour/kind.svg', 'test/examples/tour/model.keras', { output: ['kind'], quiet: true }],
];

const flags = (example: CompileFlags): CompileFlags => ({ ...example, outDir: 'generated', emitIr: true, quiet: true });

describe('generated/', () => {
  for (const example of examples) {
    it(`holds what skipc writes for ${JSON.stringify(example)}`, async () => {
      if (process.env['SKIPC_BLESS']) await runCompile(MODEL, flags(example));
      expect(await runCompile(MODEL, { ...flags(example), check: true }), 'run `npm run bless` and review the difference').toBe(0);
    });
  }

  it('holds nothing else', () => {
    const names = new Set(examples.map(({ name, output }) => name ?? output?.join('-')));
    const stray = readdirSync('generated').filter((file) => !file.endsWith('.md') && !names.has(file.replace(/\.[a-z]+$/, '')));
    expect(stray).toEqual([]);
  });
});

describe('pictures', () => {
  it.each(pictures)('%s is what skipc draws', async (file, model, flags) => {
    if (process.env['SKIPC_BLESS']) await runGraph(model, { ...flags, out: file });
    const folder = mkdtempSync(join(tmpdir(), 'skipc-drawn-'));
    await runGraph(model, { ...flags, out: join(folder, 'drawn.svg') });
    const drawn = readFileSync(join(folder, 'drawn.svg'), 'utf8');
    rmSync(folder, { recursive: true });
    expect(drawn === readFileSync(file, 'utf8'), 'run `npm run bless` and review the difference').toBe(true);
  });
});
