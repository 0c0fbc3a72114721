import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Lines of standard error that are kept, and what the telling one of them looks like. */
const TAIL = 20;
const ERROR = /^\w*Error\b.*:/;

/**
 * Runs a script of the bench in a process of its own.
 * @param script its name among the bundles
 * @param onMessage is given what it sends, as it comes
 * @throws Error with what its standard error says, where it fails
 */
export function runChild<T>(script: string, argument: object, onMessage: (message: T) => void): Promise<void> {
  const url = new URL(`../../node_modules/.cache/${script}.mjs`, import.meta.url);
  return new Promise((resolve, reject) => {
    const child = fork(url.pathname, [JSON.stringify(argument)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' });
    const tail: string[] = [];
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      tail.push(line.slice(0, 500));
      if (tail.length > TAIL) tail.shift();
    });
    child.on('message', (message) => onMessage(message as T));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(new Error(`${script} ended with ${signal ?? code}: ${tail.find((line) => ERROR.test(line)) ?? tail.at(-1) ?? 'no word'}`));
    });
  });
}
