import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { fail } from '../diagnostics/error.ts';
import { fromJson } from '../ir/json.ts';
import { parse } from '../ir/parse.ts';
import type { Program } from '../ir/program.ts';
import { verify } from '../ir/verify.ts';
import { opRules } from '../ops/rules.ts';
import { parseJson } from '../read/json.ts';

const HEAD = 64;

/**
 * The program of an IR dump, as text or JSON; null where the file is none, told by how it begins.
 * @throws SkipcError `ir-syntax`, `ir-invalid`
 */
export function readDump(path: string): Program | null {
  return isDump(headOf(path)) ? programOf(readFileSync(path, 'utf8'), path) : null;
}

/** As `readDump`, of bytes at hand. */
export function dumpOf(bytes: Buffer, file: string): Program | null {
  return isDump(bytes.toString('latin1', 0, HEAD)) ? programOf(bytes.toString('utf8'), file) : null;
}

const TEXT = /^skipc-ir /;

const isDump = (head: string): boolean => TEXT.test(head) || /^\s*\{\s*"skipc-ir"/.test(head);

function programOf(text: string, file: string): Program {
  const program = TEXT.test(text) ? parse(text) : fromJson(parseJson(text, file));
  const what = verify(program, opRules);
  return what === null ? program : fail('ir-invalid', { what }, { file });
}

/** How a file begins; nothing where it cannot be read, as the reader of models says best why, or where reading takes bytes out of a pipe. */
function headOf(path: string): string {
  try {
    if (!statSync(path).isFile()) return '';
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(HEAD);
      return bytes.subarray(0, readSync(file, bytes, 0, HEAD, 0)).toString('latin1');
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
