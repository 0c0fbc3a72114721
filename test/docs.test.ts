import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { summaryText } from '../src/cli/summary.ts';
import { compile } from '../src/compile.ts';
import { tables } from '../src/report/tables.ts';

const README = new URL('../README.md', import.meta.url);
const PAGES = [README, new URL('../generated/layers.md', import.meta.url), new URL('../generated/evaluation.md', import.meta.url)];

/** What stands between a marker and its end. */
const section = (name: string): RegExp => new RegExp(`(<!-- ${name} table -->\n)(?:[^]*?\n)??(<!-- end -->)`);

describe('generated tables', () => {
  it.each(Object.entries(tables))('%s stand as the rows declare them', (name, table) => {
    const pages = PAGES.filter((page) => section(name).test(readFileSync(page, 'utf8')));
    expect(pages).toHaveLength(1);
    const page = pages[0] as URL;
    const text = readFileSync(page, 'utf8');
    const current = text.replace(section(name), (_, start: string, end: string) => `${start}${table()}\n${end}`);
    if (process.env['SKIPC_BLESS']) writeFileSync(page, current);
    else expect(text, 'run `npm run bless`').toBe(current);
  });
});

describe('README.md', () => {
  it('shows what its main command prints', async () => {
    const { summary } = await compile('test/models/digits/model.json', { outputs: ['aux'] });
    expect(readFileSync(README, 'utf8')).toContain(`\`\`\`\n${summaryText(summary)}`);
  });

  it('shows the two commands that set everything up, each on one line', () => {
    const text = readFileSync(README, 'utf8');
    for (const marker of ['main', 'test']) expect(text).toMatch(new RegExp(`<!-- ${marker} -->\n\`\`\`sh\nnpm ci && [^\n]+\n\`\`\`\n`));
  });
});
