import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Backend } from '../src/rewrite/backends.ts';
import type { Hoist } from '../src/rewrite/hoist.ts';

/**
 * A case of an `.ir-test` file, in folders named after passes:
 *
 *     === what is shown (hoist auto) (backend node)
 *     skipc-ir 1
 *     ...                the program before the pass
 *     --- after
 *     skipc-ir 1
 *     ...                the program after it; or `unchanged` and why; or `error` and the code of a diagnostic
 */
export interface FileCase {
  readonly title: string;
  readonly hoist: Hoist;
  readonly backend: Backend;
  readonly before: string;
  readonly after: string;
}

export interface FileTest {
  readonly path: string;
  readonly pass: string;
  readonly cases: readonly FileCase[];
}

const FOLDER = fileURLToPath(new URL('filetests/', import.meta.url));

/** Every `.ir-test` file there is. */
export function fileTests(): readonly FileTest[] {
  return readdirSync(FOLDER)
    .sort()
    .flatMap((pass) =>
      readdirSync(join(FOLDER, pass))
        .sort()
        .map((file) => ({ path: join(FOLDER, pass, file), pass, cases: casesOf(readFileSync(join(FOLDER, pass, file), 'utf8')) })),
    );
}

const TITLE = /^(.*?)(?: \(hoist (none|auto|shared|cuts)\))?(?: \(backend (core|node|wasm|cpu|webgl|webgpu)\))?$/;

function casesOf(text: string): readonly FileCase[] {
  const [start, ...cases] = text.split(/^=== /m);
  if (start !== '') throw new Error(`a case begins with "=== ", not with ${JSON.stringify(start)}`);
  return cases.map((body) => {
    const [titleLine = '', ...rest] = body.split('\n');
    const [before = '', after, ...more] = rest.join('\n').split('--- after\n');
    if (after === undefined || more.length > 0) throw new Error(`the case "${titleLine}" has no one line "--- after"`);
    const [, title = '', hoist = 'none', backend = 'core'] = TITLE.exec(titleLine) ?? [];
    return { title, hoist: hoist as Hoist, backend: backend as Backend, before: `${before.trim()}\n`, after: `${after.trim()}\n` };
  });
}

/** The text of a file with these cases. */
export const fileText = (cases: readonly FileCase[]): string =>
  cases
    .map(({ title, hoist, backend, before, after }) => {
      const options = [hoist === 'none' ? '' : ` (hoist ${hoist})`, backend === 'core' ? '' : ` (backend ${backend})`];
      return `=== ${title}${options.join('')}\n${before}--- after\n${after}`;
    })
    .join('\n');
