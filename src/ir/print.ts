import { quoted } from '../diagnostics/text.ts';
import type { AttrValue, BodyOp, Program, Stage, Value } from './program.ts';
import { showType } from './types.ts';

/** Colons stand inside a name only: in a declaration, one behind it ends it. */
const PLAIN_NAME = /^[A-Za-z0-9_./@~+-]+(?::[A-Za-z0-9_./@~+-]+)*$/;

/** A name with its sigil, quoted where it holds anything but letters, digits and `_./@:~+-`. */
const showName = (name: string): string => name.slice(0, 1) + bare(name.slice(1));

const bare = (text: string): string => (PLAIN_NAME.test(text) ? text : quoted(text));

const WORD = /^[A-Za-z][A-Za-z0-9_]*$/;
/** A size that is unknown, as shapes hold it. */
const SYMBOL = /^\?[A-Za-z0-9_./@~+-]*(?:\*(?:[1-9]\d+|[2-9]))?$/;
const KEYWORDS: ReadonlySet<string> = new Set(['true', 'false', 'null', 'Infinity', 'NaN']);

function showAttr(value: AttrValue): string {
  if (typeof value === 'string' && SYMBOL.test(value)) return value;
  if (typeof value === 'string') return WORD.test(value) && !KEYWORDS.has(value) ? value : quoted(value);
  if (typeof value === 'object' && value !== null) return `[${value.map(showAttr).join(',')}]`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The text of a program; `parse` reads it back to an equal one. */
export function print(program: Program): string {
  const lines = ['skipc-ir 1', `program ${bare(program.name)} of ${quoted(program.model)}`, ''];
  for (const input of program.inputs) {
    const key = `%${input.key}` === input.name ? '' : ` as ${bare(input.key)}`;
    lines.push(`input  ${showValue(input)}${key}${showFill(input.fill)}`);
  }
  for (const weight of program.weights) {
    // A weight is called after its layer and variable, but for names that had to be told apart.
    const origin =
      weight.name === `@${weight.layer}/${weight.variable}` && !weight.variable.includes('/')
        ? ''
        : ` = ${bare(weight.layer)} ${bare(weight.variable)}`;
    lines.push(`weight ${showValue(weight)}${origin} #${weight.position}${weight.frozen ? ' frozen' : ''}${showHash(weight.hash)}`);
  }
  let stage: Stage | undefined;
  for (const op of program.ops) {
    if (op.stage !== stage) lines.push('', op.stage);
    stage = op.stage;
    // The source layers stand behind each line; no line's layout depends on another's, so that a diff shows only what changed.
    lines.push(`  ${showOp(op)}`);
    if (op.body === undefined) continue;
    lines.push(`    step ${op.body.params.map(showValue).join(', ')}`);
    for (const inner of op.body.ops) lines.push(`    ${showOp(inner)}`);
    lines.push(`    yield ${op.body.yields.map(showName).join(', ')}`);
  }
  lines.push('');
  for (const cut of program.cuts) lines.push(`cut ${bare(cut.key)} = ${showName(cut.value)}${showFill(cut.fill)}`);
  for (const feature of program.features ?? [])
    lines.push(`feature ${bare(feature.key)} = ${showName(feature.value)}${showFill(feature.fill)}`);
  for (const output of program.outputs)
    lines.push(`output ${bare(output.key)} = ${showName(output.value)}${output.only === undefined ? '' : ` for ${output.only}`}`);
  return `${lines.join('\n')}\n`;
}

const showValue = (value: Value): string => `${showName(value.name)}: ${showType(value.type)}`;

const showHash = (hash: string | undefined): string => (hash === undefined ? '' : ` sha256=${hash}`);

const showFill = (fill: number | undefined): string => (fill === undefined ? '' : ` fill ${showAttr(fill)}`);

function showOp(op: BodyOp): string {
  const attrs = Object.entries(op.attrs);
  const shown = attrs.length > 0 ? ` {${attrs.map(([name, value]) => `${name}=${showAttr(value)}`).join(', ')}}` : '';
  const operands = op.operands.length > 0 ? ` ${op.operands.map(showName).join(', ')}` : '';
  return `${op.results.map(showValue).join(', ')} = ${op.op}${operands}${shown}  ; ${op.layers.map(bare).join(' + ')}`;
}
