import { sitesOf } from '../../emit/sites.ts';
import { print } from '../../ir/print.ts';
import type { Op, Program, Weight } from '../../ir/program.ts';
import { elements, showType } from '../../ir/types.ts';
import { type Call, givenTo, type TensorId } from '../../model/graph.ts';
import { tensorName } from '../../select/display.ts';
import { flopsByLayer } from '../cost.ts';
import { Hosts } from '../hosts.ts';
import { told } from '../told.ts';
import type { LayerData } from './page/data.ts';
import type { PictureParts } from './picture.ts';

/** The module, and what it calls each value of the program. */
export interface Emitted {
  readonly code: string;
  readonly identifiers: ReadonlyMap<string, string>;
}

/** So many lines of code, tensors and weights of one layer are shown; a layer of more is no longer read here. */
const MOST = 60;
const LONGEST_CONFIG = 4000;
const LONGEST_LINE = 400;

/** All that the page tells of each layer, in the order of the model. */
export function detailsOf(parts: PictureParts, emitted: Emitted): readonly Omit<LayerData, 'time'>[] {
  const { graph, program, whole, sources, explanations, types } = parts;
  const calls = grouped(graph.calls, ({ layer }) => [layer.path]);
  const weights = grouped(
    [...new Map([...whole.weights, ...program.weights].map((weight) => [weight.name, weight])).values()],
    ({ layer }) => [layer],
  );
  const ops = grouped(program.ops, ({ layers }) => [...new Set(layers)]);
  const irLines = linesByOp(program);
  const code = codeByValue(emitted);
  const flops = { kept: new Hosts(parts.lowered).flops(program), whole: flopsByLayer(whole) };
  const shown = (tensor: TensorId): string => {
    const type = types.get(tensor);
    return `${tensorName(tensor)}${type === undefined ? '' : ` ${showType(type)}`}`;
  };
  return explanations.map((explanation) => {
    const path = explanation.layer;
    const source = sources.get(path) ?? path;
    const own = ops.get(source) ?? [];
    const called = calls.get(path) ?? [];
    const held = weights.get(path) ?? [];
    return {
      path,
      className: explanation.className,
      tone: explanation.fate === 'removed' ? 'removed' : (explanation.stage ?? 'identity'),
      told: told(explanation),
      inputs: few([...new Set(called.flatMap(givenTo))].map(shown)),
      outputs: few(called.flatMap((call) => resultsOf(call, types)).map(shown)),
      weights: held
        .slice(0, MOST)
        .map(({ variable, type, frozen }: Weight) => ({ name: variable, type: showType(type), isFrozen: frozen })),
      flops: (explanation.fate === 'removed' ? flops.whole : flops.kept).get(source) ?? 0,
      parameters: held.reduce((sum, { type }) => sum + elements(type.shape), 0),
      config: configLines(called[0]),
      code: few([...new Set(own.flatMap((op) => valuesOf(op).flatMap((value) => code.get(value) ?? [])))]),
      ir: few(own.flatMap((op) => irLines.get(op) ?? [])),
    };
  });
}

const resultsOf = ({ id }: Call, types: PictureParts['types']): TensorId[] => {
  const found: TensorId[] = [];
  for (let k = 0; k === 0 || types.has(`${id}:${k}`); k++) found.push(`${id}:${k}`);
  return found;
};

const few = (lines: readonly string[]): string[] => {
  const short = lines.slice(0, MOST).map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} ...` : line));
  return lines.length > MOST ? [...short, `... ${lines.length - MOST} more`] : short;
};

function configLines(call: Call | undefined): string[] {
  const text = JSON.stringify(call?.layer.config ?? {}, null, 2);
  return (text.length > LONGEST_CONFIG ? `${text.slice(0, LONGEST_CONFIG)}\n...` : text).split('\n');
}

const valuesOf = ({ results, body }: Op): string[] =>
  [...results, ...(body?.ops ?? []).flatMap((inner) => inner.results)].map(({ name }) => name);

/** The lines of each op as the dump has them. */
function linesByOp(program: Program): ReadonlyMap<Op, readonly string[]> {
  const lines = print(program)
    .split('\n')
    .filter((line) => line.startsWith('  '));
  const found = new Map<Op, string[]>();
  let at = 0;
  for (const op of program.ops) {
    const count = op.body === undefined ? 1 : op.body.ops.length + 3;
    found.set(
      op,
      lines.slice(at, at + count).map((line) => line.slice(2)),
    );
    at += count;
  }
  return found;
}

/** The statement that computes each value. */
function codeByValue({ code, identifiers }: Emitted): ReadonlyMap<string, string> {
  const statements = new Map<string, string>();
  for (const { identifiers: declared, text } of sitesOf(code)) for (const identifier of declared) statements.set(identifier, text);
  return new Map(
    [...identifiers].flatMap(([value, identifier]) => (statements.has(identifier) ? [[value, statements.get(identifier) as string]] : [])),
  );
}

function grouped<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [item]);
      else group.push(item);
    }
  }
  return groups;
}
