import type { Body, Op, Value } from '../ir/program.ts';
import type { Dim } from '../ir/types.ts';
import { type Code, code, join, runtime, tensorType, tf } from '../ops/code.ts';
import { listKernelFunction } from '../ops/kernel.ts';
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
  const collected = collectedStates(body, carried);
  const yields = yielded(body, scope, carried, collected);

  const lent = new Set(state.filter((_, i) => collected.has(i)).map(({ name }) => name));

  const apart = slices.map((slice, i) => {
    const list = code`${runtime('stepsOf')}(${scope.reference(op.operands[i] as string)}) as ${typeOf(slice)}[]`;
    return code`const ${listOf(slice)} = ${isReversed ? code`(${list}).reverse()` : list}; ${shapesOf([slice])}`;
  });
  const start = state.map((value, i) => {
    const given = scope.reference(op.operands[sequences + i] as string);
    return code`let ${nameOf(value)}: ${typeOf(value)} = ${collected.has(i) ? given : code`${tf('clone')}(${given})`}; ${shapesOf([value])}`;
  });
  const lists = collections.map((result) => code`const ${listOf(result)}: ${tensorType(result.type.shape.length - 1)}[] = [];`);

  const [first, ...others] = slices as [Value, ...Value[]];
  const step = [
    ...others.map((slice) => code`const ${nameOf(slice)} = ${listOf(slice)}[${counter}] as ${typeOf(slice)};`),
    ...unused(body, lent).map((value) => code`${nameOf(value)}.dispose();`),
    ...stepLines(op, body, scope, lent),
    ...collections.map((result, i) => code`${listOf(result)}.push(${yields[carried + i] as Code});`),
    ...carryOn(state.map(nameOf), yields.slice(0, carried)),
  ];
  const head =
    others.length === 0
      ? code`const ${nameOf(first)} of ${listOf(first)}`
      : code`const [${counter}, ${nameOf(first)}] of ${listOf(first)}.entries()`;

  const together = collections.flatMap((result) => [
    ...(isReversed ? [code`${listOf(result)}.reverse();`] : []),
    code`const ${nameOf(result)}: ${typeOf(result)} = ${listKernelFunction('stack', 'Pack')}(${listOf(result)}, 1); ${shapesOf([result])}`,
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
    ...ends.map((end, i) => {
      const last = nameOf(state[i] as Value);
      return code`const ${nameOf(end)} = ${collected.has(i) ? code`${tf('clone')}(${last})` : last}; ${shapesOf([end])}`;
    }),
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

/** States whose next value is collected as well: each belongs to the list, which keeps it anyway, and not to the step behind. */
function collectedStates({ ops, yields }: Body, carried: number): ReadonlySet<number> {
  const made = new Set(ops.flatMap(({ results }) => results.map(({ name }) => name)));
  const lists = new Set(yields.slice(carried).filter((name) => made.has(name)));
  return new Set(yields.slice(0, carried).flatMap((name, i) => (lists.has(name) ? [i] : [])));
}

/**
 * The ops of a step, each value disposed of at its last use; what the loop only reads outlives it.
 * @param lent states that are not the step's to dispose of
 */
function stepLines(op: Op, body: Body, scope: Scope, lent: ReadonlySet<string>): Code[] {
  const borrowed = new Set([...op.operands, ...lent]);
  const line = { ops: body.ops, borrowed, lent: new Set<string>(), kept: new Set(body.yields) };
  return lineOf(line, scope, (inner) => [statement(inner, scope)], op.layers);
}

/** Parameters that the step makes no use of. */
function unused(body: Body, lent: ReadonlySet<string>): Value[] {
  const used = new Set([...lent, ...body.yields, ...body.ops.flatMap(({ operands }) => operands)]);
  return body.params.filter(({ name }) => !used.has(name));
}

/** What a step yields, as its own: a value from outside, or one that is yielded before, goes out as a clone. */
function yielded({ params, ops, yields }: Body, scope: Scope, carried: number, collected: ReadonlySet<number>): Code[] {
  const lent = params.slice(params.length - carried).filter((_, i) => collected.has(i));
  const own = new Set(
    [...params.filter((param) => !lent.includes(param)), ...ops.flatMap(({ results }) => results)].map(({ name }) => name),
  );
  return yields.map((name, i) => {
    const reference = scope.reference(name);
    return collected.has(i) || own.delete(name) ? reference : code`${tf('clone')}(${reference})`;
  });
}

function carryOn(state: readonly Code[], next: readonly Code[]): Code[] {
  if (state.length === 0) return [];
  if (state.length === 1) return [code`${state[0] as Code} = ${next[0] as Code};`];
  return [code`[${join(state, ', ')}] = [${join(next, ', ')}];`];
}
