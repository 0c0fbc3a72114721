import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The pages for people, and what in them is not written by hand. */

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Every page, relative to the root of the repository. */
export const pages: readonly string[] = ['README.md', ...pagesBelow('src'), ...pagesBelow('test/examples')].sort();

function pagesBelow(folder: string): readonly string[] {
  const files = readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
  return files.filter((file) => posix.basename(file) === 'README.md').map((file) => `${folder}/${file}`);
}

export const textOf = (page: string): string => readFileSync(`${ROOT}/${page}`, 'utf8');

/**
 * A file that a page shows: `<!-- file src/x.ts -->`, or `<!-- file src/x.ts from "first line" to "last line" -->`, and behind it a fenced
 * block. A whole file is shown from its first line on.
 */
const SHOWN = /(<!-- file (\S+)(?: from "(.*?)" to "(.*?)")? -->\n```[a-z]*\n)([\s\S]*?)(```\n)/g;

/** A page with the files that it shows as they are. */
export function withFiles(text: string): string {
  return text.replace(SHOWN, (_, head: string, path: string, from: string | undefined, to: string | undefined, _old, end: string) => {
    const lines = readFileSync(`${ROOT}/${path}`, 'utf8').trimEnd().split('\n');
    const first = from === undefined ? 0 : lines.findIndex((line) => line.startsWith(from));
    const last = to === undefined ? lines.length - 1 : lines.findIndex((line, i) => i >= first && line.startsWith(to));
    if (first < 0 || last < 0) throw new Error(`${path} has no lines from "${from}" to "${to}"`);
    return `${head}${lines.slice(first, last + 1).join('\n')}\n${end}`;
  });
}

/** What a terminal shows: lines that begin with `$ ` are commands, and what follows is what they print. */
const CONSOLE = /(```console\n)([\s\S]*?)(```\n)/g;

export interface Command {
  readonly command: string;
  readonly output: string;
}

/** The commands of a page in order, with what it says that they print. */
export const commandsOf = (text: string): readonly Command[] => [...text.matchAll(CONSOLE)].flatMap(([, , block = '']) => parsed(block));

function parsed(block: string): readonly Command[] {
  const [before, ...commands] = `\n${block}`.split('\n$ ');
  if (before !== '') throw new Error(`a console block begins with "$ ", not with ${JSON.stringify(before)}`);
  return commands.map((text) => {
    const [command = '', ...output] = text.split('\n');
    return { command, output: output.join('\n').trimEnd() };
  });
}

/** A page with other outputs, one for each command in order. What differs in how long something took stays as it is. */
export function withOutputs(text: string, outputs: readonly string[]): string {
  const left = [...outputs];
  return text.replace(CONSOLE, (_, head: string, block: string, end: string) => {
    const shown = parsed(block).map(({ command, output: before }) => {
      const found = left.shift() ?? '';
      const output = withoutTimes(found) === withoutTimes(before) ? before : found;
      return `$ ${command}\n${output === '' ? '' : `${output}\n`}`;
    });
    return `${head}${shown.join('')}${end}`;
  });
}

const withoutTimes = (text: string): string => text.replace(/\b\d+(?:\.\d+)? (?:us|ms|s)\b/g, 'some time');

/** The folder in whose copy the commands of a page run: `<!-- run in test/examples/tour -->`; without it they run nowhere. */
export const folderOf = (text: string): string | undefined => /<!-- run in (\S+) -->/.exec(text)?.[1];
