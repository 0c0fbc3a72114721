import { fail } from '../diagnostics/error.ts';

/**
 * Parses JSON text, with Python's `Infinity` where a number may stand: Keras writes it for a limit that is none.
 * @throws SkipcError `json-invalid` with line and column
 */
export function parseJson(text: string, file: string | undefined): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const written = withInfinities(text);
    if (written !== text) return parseJson(written, file);
    const at = faultIn(text);
    const lines = text.slice(0, at).split('\n');
    const place = `line ${lines.length}, column ${(lines.at(-1) as string).length + 1}`;
    fail('json-invalid', { place, found: at >= text.length ? 'the end of the file' : brief(text.slice(at, at + 24)) }, { file });
  }
}

/** The text with each `Infinity` outside of strings as a number that overflows to it. */
function withInfinities(text: string): string {
  const pieces: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; ) {
    if (text[at] === '"') {
      at = endOfString(text, at);
    } else if (text.startsWith('Infinity', at)) {
      pieces.push(text.slice(from, at), '1e999');
      at += 'Infinity'.length;
      from = at;
    } else at++;
  }
  return pieces.length === 0 ? text : pieces.join('') + text.slice(from);
}

/** Behind the quotes that end a string. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

const brief = (text: string): string => JSON.stringify(text.split('\n', 1)[0]?.trimEnd());

const SPACE = /[ \t\r\n]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const FIRST_PRINTABLE = 0x20;

/**
 * Where text that JSON.parse refused stops being JSON. V8 leaves the position out of half its messages, so this reads the text
 * again, without recursion.
 */
function faultIn(text: string): number {
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.test(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  // Strings may be long, and regular expressions run out of stack over them.
  const takeString = (): boolean => {
    if (text[at] !== '"') return false;
    at++;
    while (text[at] !== '"') {
      if (at >= text.length || text.charCodeAt(at) < FIRST_PRINTABLE) return false;
      if (text[at] !== '\\') at++;
      else if (!take(ESCAPE)) return false;
    }
    at++;
    return true;
  };
  const takeKey = (): boolean => {
    take(SPACE);
    if (!takeString()) return false;
    take(SPACE);
    if (text[at] !== ':') return false;
    at++;
    return true;
  };
  const open: ('{' | '[')[] = [];
  for (;;) {
    // A value, or the start of a list or object.
    take(SPACE);
    const start = text[at];
    if (start === '{' || start === '[') {
      at++;
      take(SPACE);
      if (text[at] !== (start === '{' ? '}' : ']')) {
        open.push(start);
        if (start === '{' && !takeKey()) return at;
        continue;
      }
      at++;
    } else if (start === '"' ? !takeString() : !take(SCALAR)) return at;
    // What follows a value: the ends of lists and objects, then a comma.
    for (;;) {
      take(SPACE);
      const inside = open.at(-1);
      if (inside === undefined) return at;
      if (text[at] === ',') break;
      if (text[at] !== (inside === '{' ? '}' : ']')) return at;
      at++;
      open.pop();
    }
    at++;
    if (open.at(-1) === '{' && !takeKey()) return at;
  }
}
