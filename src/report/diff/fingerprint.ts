import type { Attrs, BodyOp, Op, Program } from '../../ir/program.ts';
import { slotsOf } from './slots.ts';

/**
 * What each layer computes, as text: its ops without the names and sizes that come from elsewhere. Layers of equal text compute alike,
 * however their configs are written.
 * @returns texts by what the ops say they come from
 */
export function fingerprints(program: Program): ReadonlyMap<string, string> {
  const bySource = new Map<string, Op[]>();
  for (const op of program.ops) {
    const source = op.layers[0] ?? '';
    const ops = bySource.get(source);
    if (ops === undefined) bySource.set(source, [op]);
    else ops.push(op);
  }
  const variables = slotsOf(program.weights);
  return new Map([...bySource].map(([source, ops]) => [source, textOf(ops, source, variables)]));
}

/** @param source what results are called after that are the layer's own */
function textOf(ops: readonly Op[], source: string, variables: ReadonlyMap<string, string>): string {
  const known = new Map<string, string>();
  const nameOf = (name: string): string => {
    const variable = variables.get(name);
    if (variable !== undefined) return `@${variable}`;
    const text = known.get(name) ?? `x${known.size}`;
    known.set(name, text);
    return text;
  };
  const lines = ops.flatMap((op) => [
    line(op, source, nameOf),
    ...(op.body === undefined
      ? []
      : [
          ` step ${op.body.params.map(({ name }) => nameOf(name))}`,
          ...op.body.ops.map((inner) => ` ${line(inner, source, nameOf)}`),
          ` yield ${op.body.yields.map(nameOf)}`,
        ]),
  ]);
  return lines.join('\n');
}

function line({ op, operands, attrs, results }: BodyOp, source: string, nameOf: (name: string) => string): string {
  const given = operands.map(nameOf);
  const made = results.map(({ name, type }) => `${nameOf(name)}${roleOf(name, source)}:${type.dtype}[${type.shape.length}]`);
  return `${made} = ${op} ${given} ${attrsText(attrs)}`;
}

/** What a result is to its layer: nothing for the layer's own, else `:1`, or a dot for what is on the way; the number of a call aside. */
function roleOf(name: string, source: string): string {
  const role = (name.startsWith(source, 1) ? name.slice(1 + source.length) : '').replace(/^@\d+/, '');
  // What is on the way may be called after layers inside this one, whose names say nothing.
  return role.startsWith('.') ? '.' : role.replace(/~\d+$/, '');
}

/** Attributes, with all symbols but the batch alike: these are called after tensors. */
export const attrsText = (attrs: Attrs): string =>
  JSON.stringify(attrs, (_, value: unknown) => {
    if (typeof value === 'number')
      return Number.isFinite(value) && !Object.is(value, -0) ? value : `#${Object.is(value, -0) ? '-0' : value}`;
    return typeof value === 'string' && /^\?[^*]/.test(value) ? '?*' : value;
  });
