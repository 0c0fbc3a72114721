import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Code, catalogue } from '../src/diagnostics/catalogue.ts';

const SOURCES = new URL('../src/', import.meta.url);
const sources = readdirSync(SOURCES, { recursive: true })
  .map(String)
  .filter((path) => path.endsWith('.ts') && !path.startsWith('diagnostics'))
  .map((path) => readFileSync(new URL(path, SOURCES), 'utf8'))
  .join('\n');

/** A list reads as text too, so that it can stand for any parameter of a message. */
const anyParams = new Proxy({}, { get: () => ['something', 'another'] });

describe.each(Object.keys(catalogue) as Code[])('%s', (code) => {
  const entry = catalogue[code] as { message(params: object): string; hint(params: object): string };

  it('is given somewhere', () => expect(sources).toContain(`'${code}'`));

  it('says what is wrong and what to do, in one line each, without a full stop', () => {
    for (const text of [entry.message(anyParams), entry.hint(anyParams)].map(String)) {
      expect(text).toMatch(/^[^\n]{8,}[^.\n]$/);
      expect(text).not.toContain('undefined');
    }
  });
});
