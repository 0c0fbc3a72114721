import { fail } from '../../diagnostics/error.ts';
import type { Op, Output, Program, Stage } from '../../ir/program.ts';
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
    const stageOf = (op: Op): Stage => (op.results.every(({ name }) => loaded.has(name)) ? 'load' : prefix?.has(op) ? 'prefix' : 'suffix');
    const staged = program.ops.map((op) => ({ ...op, stage: stageOf(op) }));
    const ops = (['load', 'prefix', 'suffix'] as const).flatMap((stage) => staged.filter((op) => op.stage === stage));
    return { ...program, ops, features: prefix === null ? null : featuresOf(program, ops), cuts: [] } satisfies Program;
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
      if (program.outputs.length < 2) fail('hoist-shared-one', {});
      const needs = program.outputs.map(({ value }) => neededBy([value], running));
      return new Set(running.filter((op) => needs.every((needed) => needed.has(op))));
    }
    case 'cuts':
      return neededBy(
        program.cuts.map(({ value }) => value),
        running,
      );
  }
}

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

/** Everything on the prefix's side that the suffix or an output takes, under the keys the user gave. */
function featuresOf(program: Program, ops: readonly Op[]): Output[] {
  const before = new Set(program.inputs.map(({ name }) => name));
  for (const op of ops) if (op.stage === 'prefix') for (const { name } of op.results) before.add(name);
  const taken = new Set(ops.filter((op) => op.stage === 'suffix').flatMap((op) => op.operands));
  for (const { value } of program.outputs) taken.add(value);
  const keys = new Map(program.cuts.map(({ key, value }) => [value, key]));
  return [...before].filter((name) => taken.has(name)).map((name) => ({ key: keys.get(name) ?? name.slice(1), value: name }));
}
