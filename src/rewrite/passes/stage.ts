import { fail } from '../../diagnostics/error.ts';
import type { Feature, Op, Program, Stage } from '../../ir/program.ts';
import { isPublic, MASK, valuesOf } from '../../ir/program.ts';
import { frozenOps, frozenPrefix } from '../frozen-cut.ts';
import type { Hoist } from '../hoist.ts';
import type { Pass } from '../pass.ts';

/**
 * Purpose:  binding times: each op goes to the earliest stage at which it can run, and the cut between prefix and suffix is
 *           chosen.
 * Requires: a valid program without features; `cuts` names where the user asked for one.
 * Ensures:  `cuts` is empty; ops are ordered load, prefix, suffix; `features` holds
 *           exactly what the suffix takes from the prefix's side.
 *
 *   %s = mul @bn/gamma, %r          load
 *   %a = conv2d %x, @c/kernel   =>    %s = ...
 *   %b = mul %a, %s                 prefix         (with --hoist a)
 *                                     %a = ...
 *                                   suffix
 *                                     %b = ...
 */
export const stage: Pass = {
  name: 'stage',
  purpose: 'move each op to the earliest of load, prefix and suffix; choose the cut',
  run(program, { hoist }) {
    const loaded = new Set(program.weights.map(({ name }) => name));
    const running: Op[] = [];
    for (const op of program.ops) {
      if (op.operands.every((name) => loaded.has(name))) for (const { name } of op.results) loaded.add(name);
      else running.push(op);
    }
    const prefix = prefixOf(program, running, hoist);
    const features = prefix === null ? [] : featuresOf(program, running, prefix);
    const before = features.length > 0 ? prefix : null;
    const stageOf = (op: Op): Stage => (op.results.every(({ name }) => loaded.has(name)) ? 'load' : before?.has(op) ? 'prefix' : 'suffix');
    const staged = program.ops.map((op) => (op.stage === stageOf(op) ? op : { ...op, stage: stageOf(op) }));
    const ops = (['load', 'prefix', 'suffix'] as const).flatMap((stage) => staged.filter((op) => op.stage === stage));
    if (features.length === 0 && program.cuts.length === 0 && ops.every((op, i) => op === program.ops[i])) return program;
    return { ...program, ops, features: features.length > 0 ? features : null, cuts: [] } satisfies Program;
  },
};

/** The ops of the prefix, or null where nothing is hoisted. */
function prefixOf(program: Program, running: readonly Op[], hoist: Hoist): ReadonlySet<Op> | null {
  switch (hoist) {
    case 'none':
      return null;
    case 'auto':
      return frozenOps(program, running).size === 0 ? null : frozenPrefix(program, running);
    case 'shared': {
      const chosen = program.outputs.filter(isPublic);
      if (chosen.length < 2) fail('hoist-shared-one', {});
      const [first = '', ...others] = chosen.map(({ value }) => value);
      return others.reduce((shared, value) => intersection(shared, neededBy([value], running)), neededBy([first], running));
    }
    case 'cuts':
      return neededBy(cutAt(program, running), running);
  }
}

/** The tensors that the user named, and of their masks those that something behind them uses. */
function cutAt(program: Program, running: readonly Op[]): readonly string[] {
  const named = program.cuts.filter(({ fill }) => fill === undefined).map(({ value }) => value);
  const before = neededBy(named, running);
  const behind = new Set(running.filter((op) => !before.has(op)).flatMap(({ operands }) => operands));
  const masks = program.cuts.filter(({ fill, value }) => fill !== undefined && behind.has(value));
  return [...named, ...masks.map(({ value }) => value)];
}

const intersection = (a: ReadonlySet<Op>, b: ReadonlySet<Op>): Set<Op> => new Set([...a].filter((op) => b.has(op)));

/** The ops that some tensors need. */
function neededBy(names: readonly string[], running: readonly Op[]): Set<Op> {
  const needed = new Set(names);
  return new Set(
    running.toReversed().filter((op) => {
      const used = op.results.some(({ name }) => needed.has(name));
      if (used) for (const operand of op.operands) needed.add(operand);
      return used;
    }),
  );
}

/**
 * Everything on the prefix's side that the suffix or an output takes: under the keys that the user gave, else under its own
 * name, or that with a number where another feature has it.
 */
function featuresOf(program: Program, running: readonly Op[], prefix: ReadonlySet<Op>): Feature[] {
  const before = new Set(program.inputs.map(({ name }) => name));
  const taken = new Set(program.outputs.map(({ value }) => value));
  for (const op of running) {
    if (prefix.has(op)) for (const { name } of op.results) before.add(name);
    else for (const name of op.operands) taken.add(name);
  }
  const crossing = [...before].filter((name) => taken.has(name));
  const given = new Map(program.cuts.map(({ key, value }) => [value, key]));
  const keys = new Set<string>();
  for (const key of crossing.flatMap((name) => given.get(name) ?? [])) {
    // A mask is called after the tensor at the cut, as something else there may be.
    if (keys.has(key)) fail('key-duplicate', { key, what: 'hoist' });
    keys.add(key);
  }
  const keyOf = (name: string): string => {
    let key = name;
    for (let n = 1; keys.has(key); n++) key = `${name}~${n}`;
    keys.add(key);
    return key;
  };
  const fills = fillsOf(program);
  return crossing.map((name) => {
    const fill = fills.get(name);
    return { key: given.get(name) ?? keyOf(name.slice(1)), value: name, ...(fill === undefined ? {} : { fill }) };
  });
}

/** What may be left out: inputs that say so, and masks. */
function fillsOf(program: Program): ReadonlyMap<string, number> {
  const fills = new Map<string, number>();
  for (const { name } of valuesOf(program).values()) if (name.endsWith(MASK)) fills.set(name, 1);
  for (const { name, fill } of program.inputs) if (fill !== undefined) fills.set(name, fill);
  for (const { value, fill } of program.cuts) if (fill !== undefined) fills.set(value, fill);
  return fills;
}
