import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CACHE = join(ROOT, 'node_modules', '.cache');

/** A folder from which bare imports resolve as they do here; the caller removes it. */
export function scratchFolder(name: string): string {
  mkdirSync(CACHE, { recursive: true });
  return mkdtempSync(join(CACHE, `skipc-${name}-`));
}

export interface Ended {
  /** The exit status, or the signal that ended it. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BuiltCli {
  /** Path of `main.js`. */
  readonly main: string;
  /** Runs the command line in a folder. */
  run(args: readonly string[], options?: RunOptions): Promise<Ended>;
  dispose(): void;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Builds the command line as `npm run build` does (types are checked elsewhere), beside what it reads from its package. */
export async function buildCli(): Promise<BuiltCli> {
  const folder = scratchFolder('cli');
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  await promisify(execFile)(tsc, ['-p', join(ROOT, 'tsconfig.build.json'), '--noCheck', '--outDir', join(folder, 'dist')]);
  for (const name of ['package.json', 'schemas', 'src']) symlinkSync(join(ROOT, name), join(folder, name));
  await promisify(execFile)(process.execPath, [join(folder, 'dist', 'emit', 'write-runtime.js')]);
  const main = join(folder, 'dist', 'cli', 'main.js');
  return {
    main,
    run: (args, options) => runNode([main, ...args], options),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Runs Node, 60 seconds at most. */
export function runNode(args: readonly string[], { cwd = ROOT, stdin, env = {} }: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const inherited = { ...process.env, ...env };
    for (const name of ['NODE_OPTIONS', 'FORCE_COLOR', 'VITEST', ...(env['NO_COLOR'] === undefined ? ['NO_COLOR'] : [])])
      delete inherited[name];
    const options = { cwd, env: inherited, timeout: 60_000, maxBuffer: 2 ** 28 };
    const child = execFile(process.execPath, [...args], options, (error, stdout, stderr) => {
      const status = error === null ? 0 : (error.signal ?? Number(error.code ?? -1));
      resolve({ status, stdout, stderr });
    });
    // A command that refuses its options does not read what comes in.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin ?? '');
  });
}
