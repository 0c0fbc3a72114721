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
  const head = headOf(path);
  const isText = /^skipc-ir /.test(head);
  if (!isText && !/^\s*\{\s*"skipc-ir"/.test(head)) return null;
  const text = readFileSync(path, 'utf8');
  const program = isText ? parse(text) : fromJson(parseJson(text, path));
  const what = verify(program, opRules);
  return what === null ? program : fail('ir-invalid', { what }, { file: path });
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
