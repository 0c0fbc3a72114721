import { entry } from './entry.ts';

/** Programs as text, and what passes must keep. */
export const programs = {
  'ir-syntax': entry<{ line: number; column: number; expected: string; found: string }>(
    'invalid',
    ({ line, column, expected, found }) => `line ${line}, column ${column}: found ${JSON.stringify(found)} where ${expected} was expected`,
    () => 'write the dump again with `skipc ir`',
  ),
  'ir-invalid': entry<{ what: string }>(
    'invalid',
    ({ what }) => `not a valid program: ${what}`,
    () => 'write the dump again with `skipc ir`',
  ),
  'pass-broke-program': entry<{ pass: string; what: string }>(
    'invariant',
    ({ pass, what }) => `after pass ${pass} the program is not valid: ${what}`,
    () => 'this is a bug of skipc: please report it with the model',
  ),
} as const;
