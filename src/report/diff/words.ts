import { byteCount, count } from '../format.ts';
import type { Diff } from './schema.ts';

/** How a report is worded, for the terminal and for Markdown. */

export interface Style {
  /** A name out of a model. */
  name(text: string): string;
  /** A value, shape or type. */
  value(text: string): string;
  /** How much is shown before the rest is but counted. */
  readonly most: { readonly names: number; readonly items: number };
}

export const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** The first few of a list; `more` says how the others are counted. */
export function few<T>(items: readonly T[], most: number, show: (item: T) => string): string {
  const shown = items.slice(0, most).map(show);
  const left = items.length - shown.length;
  return [...shown, ...(left > 0 ? [`${left} more`] : [])].join(', ');
}

type Region = Diff['removed'][number];

/** Where something was put in or taken out: between what it reads and what reads it. */
export function placeOf({ after, before, outputs }: Region, { name, most }: Style): string {
  const list = (names: readonly string[]): string => few(names, most.names, name);
  const place =
    after.length > 0 && before.length > 0
      ? ` between ${list(after)} and ${list(before)}`
      : after.length > 0
        ? ` after ${list(after)}`
        : before.length > 0
          ? ` before ${list(before)}`
          : '';
  return outputs.length > 0 ? `${place}, giving ${outputs.length === 1 ? 'the output' : 'the outputs'} ${list(outputs)}` : place;
}

type TypeChange = Diff['changed'][number]['types'][number];
type Type = NonNullable<TypeChange['before']>;

const shapeText = ({ shape }: Type): string => `[${shape.join(',')}]`;
const typeText = (type: Type): string => `${type.dtype}${shapeText(type)}`;

/** Two types beside each other, the dtype where that matters. */
export function typesText(before: Type | null, after: Type | null, { value }: Style): string {
  const isOne = before !== null && after !== null && before.dtype === after.dtype;
  const show = (type: Type | null): string => (type === null ? 'none' : value(isOne ? shapeText(type) : typeText(type)));
  return `${show(before)} -> ${show(after)}`;
}

/** A value of a setting on one line. */
export const settingValue = (given: unknown): string =>
  given === null ? 'none' : typeof given === 'string' && /^[\w.+/-]+$/.test(given) ? given : JSON.stringify(given);

/** What differs in a pair, a piece each. */
export function changePieces(change: Diff['changed'][number], style: Style): readonly string[] {
  const { value, name } = style;
  return [
    ...change.settings.map(({ key, before, after }) => `${name(key)} ${value(settingValue(before))} -> ${value(settingValue(after))}`),
    ...change.types.map(({ of, before, after }) => `${of === '' ? '' : `${name(of)} `}${typesText(before, after, style)}`),
    ...change.variables.map(({ of, before, after }) => `${name(of)} ${typesText(before, after, style)}`),
    ...(change.isOtherwise ? ['computes something else with the same settings'] : []),
  ];
}

export const pairName = ({ a, b }: { readonly a: string; readonly b: string }, { name }: Style): string =>
  a === b ? name(b) : `${name(a)} -> ${name(b)}`;

/** What a pair reads in place of what it read. */
export function rewiringText(change: Diff['rewired'][number], { name }: Style): string {
  const { role, before, after } = change;
  const as = role === '' ? '' : `as ${name(role)} `;
  if (after === null) return before === null ? '' : `no longer reads ${as}${name(before)}`;
  return `reads ${as}${name(after)} ${before === null ? 'as well' : `in place of ${name(before)}`}`;
}

export const outputText = ({ key, before, after }: Diff['outputs'][number], { name }: Style): string =>
  `output ${name(key)} gives ${name(after)} in place of ${name(before)}`;

/** Inputs or outputs in another order: a module has them by their keys. */
export function orderText({ of, before, after }: Diff['interface']['order'][number], { name, most }: Style): string {
  const list = (keys: readonly string[]): string => few(keys, most.names * 2, name);
  return `${of}s in another order: ${list(before)} -> ${list(after)}`;
}

/** Which settings that matter to training at most differ, and in how many nodes. */
export function trainingText({ training, unit }: Diff, { name, most }: Style): string {
  const counts = new Map<string, number>();
  for (const { settings } of training) {
    for (const { key } of settings) {
      const short = key.slice(key.lastIndexOf('.') + 1);
      counts.set(short, (counts.get(short) ?? 0) + 1);
    }
  }
  return few([...counts], most.names, ([key, n]) => `${name(key)} of ${plural(n, unit)}`);
}

/** Lists of those that are frozen now, and of those that are not any more. */
export function trainableTexts({ trainable, unit }: Diff, { name, most }: Style): readonly string[] {
  return ([false, true] as const).flatMap((after) => {
    const changed = trainable.filter((item) => item.after === after);
    if (changed.length === 0) return [];
    return [`${plural(changed.length, unit)} ${after ? 'trainable now' : 'frozen now'}: ${few(changed, most.names, ({ b }) => name(b))}`];
  });
}

export interface CostRow {
  readonly label: string;
  readonly before: string;
  readonly after: string;
  /** Nothing where it is the same. */
  readonly change: string;
  readonly percent: string;
}

/** What both cost; where one holds layers that skipc cannot compile, at least that. */
export function costRows({ cost: { before, after }, unit }: Diff): readonly CostRow[] {
  const row = (label: string, of: Exclude<keyof typeof before, 'uncounted'>, show: (value: number) => string): CostRow => {
    const [from, to] = [before[of], after[of]];
    const sign = to > from ? '+' : '-';
    const isSame = from === to;
    return {
      label,
      before: show(from),
      after: show(to),
      change: isSame ? '' : `${sign}${show(Math.abs(to - from))}`,
      percent: isSame || from === 0 ? '' : `${sign}${share(Math.abs(to - from) / from)}`,
    };
  };
  return [
    row(`${unit}s`, 'nodes', String),
    row('parameters', 'parameters', count),
    row('weights', 'weightBytes', byteCount),
    row('FLOPs', 'flops', count),
    row('peak', 'peakBytes', byteCount),
  ];
}

/** In percent; never 0 % of a change. */
function share(part: number): string {
  const percent = part * 100;
  return percent < 0.1 ? '<0.1 %' : percent < 10 ? `${percent.toFixed(1)} %` : `${Math.round(percent)} %`;
}

/** A measure of how far values are from what they were. */
export const measureText = (value: number | string | null): string =>
  value === null ? '' : typeof value === 'string' ? value : String(Number(value.toPrecision(3)));

/** The one line that says whether callers have to be changed. */
export function verdictText({ interface: { verdict, changes } }: Diff, style: Style): string {
  const wrong = changes.filter((change) => change.verdict === 'breaking');
  if (verdict === 'unchanged') return 'the interface is what it was';
  if (verdict === 'compatible') return 'callers of the old module need no change';
  return `callers have to be changed: ${few(wrong, style.most.names, ({ of, before, after }) => `${of} ${style.name((before ?? after)?.key ?? '')}`)}`;
}

/** An input or output that is another: its key, and what it was and is. */
export function portText({ before, after }: Diff['interface']['changes'][number], style: Style): string {
  const type = (port: NonNullable<typeof before>): string => (port.type === null ? '' : ` ${style.value(typeText(port.type))}`);
  if (before === null || after === null) {
    const port = before ?? after;
    return port === null ? '' : `${style.name(port.key)}:${type(port) || ' of unknown type'}`;
  }
  if (before.key !== after.key) return `${style.name(before.key)} -> ${style.name(after.key)}:${type(after) || ' of unknown type'}`;
  return `${style.name(after.key)}: ${JSON.stringify(before.type) === JSON.stringify(after.type) && after.type !== null ? style.value(typeText(after.type)) : typesText(before.type, after.type, style)}`;
}
