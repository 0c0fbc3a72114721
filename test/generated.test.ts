import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CompileFlags, runCompile } from '../src/cli/compile.ts';

const MODEL = 'test/models/digits/model.json';

/** The checked-in examples, as they are compiled from the root of the repository. */
const examples: readonly CompileFlags[] = [{ output: ['aux'] }, { output: ['main'], hoist: ['block2_pool'], name: 'main-hoisted' }];

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
