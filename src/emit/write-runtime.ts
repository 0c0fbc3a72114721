/** Run by `npm run build`: parses what modules have in common once, instead of at every start of the command. */
import { writeFileSync } from 'node:fs';
import { toJson } from './runtime.ts';
import { parseRuntime } from './runtime-files.ts';

writeFileSync(new URL('runtime.json', import.meta.url), toJson(parseRuntime()));
