import type { Op, Output } from '../ir/program.ts';
import { type Code, code, identifier, join } from '../ops/code.ts';
import { type Line, literalType, pattern, returned, type Scope, statements } from './body.ts';

/** From this many ops on, a body becomes several functions: editors, type-checkers and V8 all prefer small ones. */
const LARGEST_BODY = 500;

export interface Parameter {
  readonly name: Code;
  readonly type: Code;
}

export interface BodyFunction {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly returnType: Code;
  readonly lines: readonly Code[];
}

export interface Body {
  readonly name: string;
  /** The object that holds what the body computes with but does not own. */
  readonly store: Code;
  readonly storeType: Code;
  readonly ops: readonly Op[];
  /** What the function is given, under the keys of one object. */
  readonly given: readonly Output[];
  readonly outputs: readonly Output[];
  readonly returnType: Code;
  /** True where the caller decides by `owned` whether what is given may be disposed of. */
  readonly lends: boolean;
}

/** The functions of a stage: one, or a row of parts and one that calls them in order. */
export function functionsOf(body: Body, scope: Scope): BodyFunction[] {
  const given = new Set(body.given.map(({ value }) => value));
  const results = new Set(body.outputs.map(({ value }) => value));
  const line = (ops: readonly Op[], borrowed: ReadonlySet<string>, kept: ReadonlySet<string>): Line<Op> => ({
    ops,
    borrowed: body.lends ? new Set() : borrowed,
    lent: body.lends ? given : new Set(),
    kept,
  });
  const parameters = [
    { name: body.store, type: body.storeType },
    ...(body.given.length > 0 ? [taken(body.given, scope)] : []),
    ...(body.lends ? [OWNED] : []),
  ];
  const whole = { name: body.name, parameters, returnType: body.returnType };
  const end = returned(body.outputs, given, scope);
  if (body.ops.length <= LARGEST_BODY) {
    return [{ ...whole, lines: [...statements(line(body.ops, given, results), scope), end] }];
  }

  const parts = chunk(body.ops);
  const lastPart = lastPartUsing(parts, results);
  const functions: BodyFunction[] = [];
  const calls: Code[] = [];
  parts.forEach((ops, i) => {
    const made = ops.flatMap((op) => op.results.map(({ name }) => name));
    const own = new Set(made);
    const used = [...new Set(ops.flatMap((op) => op.operands))].filter((name) => !own.has(name) && !scope.isHeld(name));
    const handedIn = used.map((value) => ({ key: scope.names.text(value), value }));
    const handedOn = made.filter((name) => (lastPart.get(name) ?? i) > i).map((value) => ({ key: scope.names.text(value), value }));
    const kept = new Set([...handedOn.map(({ value }) => value), ...used.filter((name) => (lastPart.get(name) ?? i) > i), ...results]);
    const name = identifier(`${body.name}Part${i + 1}`);
    functions.push({
      name: name.text,
      parameters: [{ name: body.store, type: body.storeType }, taken(handedIn, scope), ...(body.lends ? [OWNED] : [])],
      returnType: literalType(handedOn, scope),
      lines: [...statements(line(ops, given, kept), scope), returned(handedOn, new Set(), scope)],
    });
    const call = code`${name}(${join([body.store, pattern(handedIn, scope), ...(body.lends ? [code`owned`] : [])], ', ')});`;
    calls.push(handedOn.length > 0 ? code`const ${pattern(handedOn, scope)} = ${call}` : call);
  });
  return [...functions, { ...whole, lines: [...calls, end] }];
}

const OWNED: Parameter = { name: code`owned`, type: code`boolean` };

/** One parameter that takes several values apart. */
const taken = (entries: readonly Output[], scope: Scope): Parameter => ({
  name: pattern(entries, scope),
  type: literalType(entries, scope),
});

const chunk = (ops: readonly Op[]): Op[][] =>
  Array.from({ length: Math.ceil(ops.length / LARGEST_BODY) }, (_, i) => ops.slice(i * LARGEST_BODY, (i + 1) * LARGEST_BODY));

/** The number of the last part that needs each tensor; what is returned is needed behind all of them. */
function lastPartUsing(parts: readonly (readonly Op[])[], results: ReadonlySet<string>): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  parts.forEach((ops, i) => {
    for (const op of ops) for (const name of op.operands) last.set(name, i);
  });
  for (const name of results) last.set(name, parts.length);
  return last;
}
