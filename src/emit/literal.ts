import { Code, code, join, type Literal } from '../ops/code.ts';
import { property } from './names.ts';

export type Data = Literal | readonly Data[] | { readonly [key: string]: Data };

const isObject = (data: Data): data is { readonly [key: string]: Data } =>
  typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof Code);

/** Data as a literal a person would write: a property a line, but a flat object or list on one. */
export function dataLiteral(data: Data, depth = 0): Code {
  if (Array.isArray(data)) return list(data as readonly Data[], depth);
  if (!isObject(data)) return code`${data as Literal}`;
  const entries = Object.entries(data).map(([key, value]) => code`${property(key)}: ${dataLiteral(value, depth + 1)}`);
  const flat = join(entries, ', ');
  if (entries.length === 0) return code`{}`;
  if (depth > 0 && !flat.text.includes('\n') && flat.text.length < 120) return code`{ ${flat} }`;
  return block(code`{`, entries, code`}`, depth);
}

function list(items: readonly Data[], depth: number): Code {
  const shown = items.map((item) => dataLiteral(item, depth + 1));
  const flat = join(shown, ', ');
  if (!flat.text.includes('\n') && flat.text.length < 120) return code`[${flat}]`;
  return block(code`[`, shown, code`]`, depth);
}

function block(open: Code, lines: readonly Code[], close: Code, depth: number): Code {
  const inner = indent(depth + 1);
  return code`${open}
${join(
  lines.map((line) => code`${inner}${line},`),
  '\n',
)}
${indent(depth)}${close}`;
}

const INDENTS = [code``, code`  `, code`    `, code`      `, code`        `];
const indent = (depth: number): Code => INDENTS[Math.min(depth, INDENTS.length - 1)] as Code;
