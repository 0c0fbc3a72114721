import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltCli, buildCli, scratchFolder } from './built-cli.ts';
import { commandsOf, folderOf, pages, ROOT, textOf, withFiles, withOutputs } from './pages.ts';

const isBlessed = Boolean(process.env['SKIPC_BLESS']);

/** Holds a page against what it should be, or makes it that. */
function check(page: string, expected: string): void {
  if (isBlessed) writeFileSync(join(ROOT, page), expected);
  else expect(textOf(page), 'run `npm run bless`').toBe(expected);
}

describe.each(pages)('%s', (page) => {
  it('shows files as they are', () => check(page, withFiles(textOf(page))));

  it('links to what there is', () => {
    const targets = [...textOf(page).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !existsSync(join(ROOT, posix.join(dirname(page), target))))).toEqual([]);
  });
});

const run = pages.filter((page) => folderOf(textOf(page)) !== undefined);

describe('what the commands of a page print', () => {
  let cli: BuiltCli;
  let bin: string;
  beforeAll(async () => {
    cli = await buildCli();
    bin = scratchFolder('bin');
    const skipc = join(bin, 'skipc');
    writeFileSync(skipc, `#!/bin/sh\nexec '${process.execPath}' '${cli.main}' "$@"\n`);
    chmodSync(skipc, 0o755);
  });
  afterAll(() => {
    cli?.dispose();
    rmSync(bin, { recursive: true, force: true });
  });

  it.each(run)('%s', async (page) => {
    const here = scratchFolder('page');
    try {
      cpSync(join(ROOT, folderOf(textOf(page)) as string), here, { recursive: true });
      const outputs: string[] = [];
      for (const { command } of commandsOf(textOf(page))) outputs.push(await shell(command, here, bin));
      check(page, withOutputs(textOf(page), outputs));
    } finally {
      rmSync(here, { recursive: true, force: true });
    }
  });
});

/** What a command prints, and its exit status where that is not 0. */
function shell(command: string, cwd: string, bin: string): Promise<string> {
  const env = { PATH: `${bin}:${process.env['PATH']}`, HOME: cwd, NO_COLOR: '1', TF_CPP_MIN_LOG_LEVEL: '2' };
  return new Promise((resolve) => {
    execFile('sh', ['-c', `{ ${command}\n} 2>&1`], { cwd, env, timeout: 60_000 }, (error, stdout) => {
      const text = stdout
        .split('\n')
        .map((line) => line.trimEnd())
        .join('\n')
        .trimEnd();
      resolve(error === null ? text : `${text}\n[exit ${error.code}]`);
    });
  });
}
