import type { Body, Op, Value } from '../ir/program.ts';
import type { Dim } from '../ir/types.ts';
import { type Code, code, join, tensorType, tf } from '../ops/code.ts';
import { lineOf, type Scope, shapesOf, statement } from './body.ts';

/**
 * A `scan` as a plain loop: sequences are taken apart before it, what is collected is put together behind it. What is carried is the
 * loop's own from the start, so that each step may dispose of what the step before it left.
 */
export function loop(op: Op, body: Body, scope: Scope): Code[] {
  const [sequences, carried] = [op.attrs['sequences'] as number, op.attrs['carried'] as number];
  const isReversed = op.attrs['reverse'] === true;
  const [slices, state] = [body.params.slice(0, sequences), body.params.slice(sequences)];
  const [ends, collections] = [op.results.slice(0, carried), op.results.slice(carried)];
  const nameOf = ({ name }: Value): Code => scope.names.of(name);
  const listOf = ({ name }: Value): Code => scope.names.of(`#${name.slice(1)}.steps`);
  const counter = scope.names.of(`#${slices[0]?.name.slice(1)}.index`);
  const yields = yielded(body, scope);

  const apart = slices.map((slice, i) => {
    const list = code`${tf('unstack')}(${scope.reference(op.operands[i] as string)}, 1) as ${typeOf(slice)}[]`;
    return code`const ${listOf(slice)} = ${isReversed ? code`(${list}).reverse()` : list}; ${shapesOf([slice])}`;
  });
  const start = state.map((value, i) => {
    const given = scope.reference(op.operands[sequences + i] as string);
    return code`let ${nameOf(value)}: ${typeOf(value)} = ${tf('clone')}(${given}); ${shapesOf([value])}`;
  });
  const lists = collections.map((result) => code`const ${listOf(result)}: ${tensorType(result.type.shape.length - 1)}[] = [];`);

  const [first, ...others] = slices as [Value, ...Value[]];
  const step = [
    ...others.map((slice) => code`const ${nameOf(slice)} = ${listOf(slice)}[${counter}] as ${typeOf(slice)};`),
    ...unused(body).map((value) => code`${nameOf(value)}.dispose();`),
    ...stepLines(op, body, scope),
    ...collections.map((result, i) => code`${listOf(result)}.push(${yields[carried + i] as Code});`),
    ...carryOn(state.map(nameOf), yields.slice(0, carried)),
  ];
  const head =
    others.length === 0
      ? code`const ${nameOf(first)} of ${listOf(first)}`
      : code`const [${counter}, ${nameOf(first)}] of ${listOf(first)}.entries()`;

  const together = collections.flatMap((result) => [
    ...(isReversed ? [code`${listOf(result)}.reverse();`] : []),
    code`const ${nameOf(result)} = ${tf('stack')}(${listOf(result)}, 1) as ${typeOf(result)}; ${shapesOf([result])}`,
    code`for (const step of ${listOf(result)}) step.dispose();`,
  ]);
  return [
    ...apart,
    ...lengthChecks(op, slices, listOf, scope),
    ...start,
    ...lists,
    code`for (${head}) {`,
    ...step.map((line) => (line.text === '' ? line : code`  ${line}`)),
    code`}`,
    ...ends.map((end, i) => code`const ${nameOf(end)} = ${nameOf(state[i] as Value)}; ${shapesOf([end])}`),
    ...together,
  ];
}

/** Sequences whose lengths are two unknown sizes may turn out to differ: no step of the longer one is left out in silence. */
function lengthChecks(op: Op, slices: readonly Value[], listOf: (slice: Value) => Code, scope: Scope): Code[] {
  const [first, ...others] = slices as [Value, ...Value[]];
  const lengthOf = (i: number): Dim | undefined => scope.typeOf(op.operands[i] as string).shape[1];
  return others.flatMap((slice, i) => {
    if (lengthOf(i + 1) === lengthOf(0)) return [];
    const what = `${scope.describe(op.layers)}: the sequences are of different lengths`;
    return [code`if (${listOf(slice)}.length !== ${listOf(first)}.length) throw new Error(${what});`];
  });
}

const typeOf = (value: Value): Code => tensorType(value.type.shape.length);

/** The ops of a step, each value disposed of at its last use; what the loop only reads outlives it. */
function stepLines(op: Op, body: Body, scope: Scope): Code[] {
  const line = { ops: body.ops, borrowed: new Set(op.operands), lent: new Set<string>(), kept: new Set(body.yields) };
  return lineOf(line, scope, (inner) => [statement(inner, scope)], op.layers);
}

/** Parameters that the step makes no use of. */
function unused(body: Body): Value[] {
  const used = new Set([...body.yields, ...body.ops.flatMap(({ operands }) => operands)]);
  return body.params.filter(({ name }) => !used.has(name));
}

/** What a step yields, as its own: a value from outside, or one that is yielded before, goes out as a clone. */
function yielded(body: Body, scope: Scope): Code[] {
  const own = new Set([...body.params, ...body.ops.flatMap(({ results }) => results)].map(({ name }) => name));
  return body.yields.map((name) => {
    const reference = scope.reference(name);
    return own.delete(name) ? reference : code`${tf('clone')}(${reference})`;
  });
}

function carryOn(state: readonly Code[], next: readonly Code[]): Code[] {
  if (state.length === 0) return [];
  if (state.length === 1) return [code`${state[0] as Code} = ${next[0] as Code};`];
  return [code`[${join(state, ', ')}] = [${join(next, ', ')}];`];
}
