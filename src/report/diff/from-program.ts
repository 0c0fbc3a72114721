import type { Attrs, Op, Program, Weight } from '../../ir/program.ts';
import { attrsText } from './fingerprint.ts';
import { type DiffGraph, type DiffNode, INPUT, type Tap, WEIGHT } from './graph.ts';
import { jsonOf } from './settings.ts';
import { slotsOf } from './slots.ts';

/** Ops of two operands that may change places. */
const COMMUTES: ReadonlySet<string> = new Set(['add', 'mul', 'maximum', 'minimum', 'equal', 'notEqual', 'logicalAnd', 'logicalOr']);

/** A program as nodes: inputs, weights and ops, each under the name of what it gives. */
export function programGraph(program: Program): DiffGraph {
  const taps = new Map<string, Tap>();
  const nodes: DiffNode[] = [];
  const add = (node: DiffNode, results: readonly string[]): void => {
    results.forEach((name, result) => void taps.set(name, { node: nodes.length, call: 0, result }));
    nodes.push(node);
  };
  const common = {
    settings: new Map<string, string>(),
    training: new Map<string, string>(),
    trainable: null,
    weights: [],
    commutes: false,
  };
  for (const { name, key, type, fill } of program.inputs) {
    const settings = fill === undefined ? common.settings : new Map([['fill', String(fill)]]);
    add({ ...common, name: key, kind: INPUT, signature: `${type.dtype} ${fill ?? ''}`, settings, calls: [{ uses: [], types: [type] }] }, [
      name,
    ]);
  }
  const slots = slotsOf(program.weights);
  for (const weight of program.weights) add({ ...common, ...weightNode(weight, slots.get(weight.name) ?? '') }, [weight.name]);
  for (const op of program.ops) {
    const settings = opSettings(op);
    const uses = op.operands.map((name) => ({ role: '', tap: taps.get(name) as Tap }));
    const signature = `${[...settings].join('\n')}\n${op.results.map(({ type }) => type.dtype)}`;
    const name = op.results[0]?.name.slice(1) ?? op.op;
    const calls = [{ uses, types: op.results.map(({ type }) => type) }];
    add(
      { ...common, name, kind: op.op, signature, settings, commutes: COMMUTES.has(op.op), calls },
      op.results.map((result) => result.name),
    );
  }
  return { nodes, outputs: program.outputs.map(({ key, value }) => ({ key, tap: taps.get(value) as Tap })) };
}

function weightNode({ name, variable, type, frozen, hash }: Weight, slot: string): Omit<DiffNode, 'settings' | 'training' | 'commutes'> {
  const weights = [{ name, variable, slot, type, hash: hash ?? null }];
  return {
    name: name.slice(1),
    kind: WEIGHT,
    signature: `${slot} ${type.dtype}[${type.shape}]`,
    trainable: !frozen,
    weights,
    calls: [{ uses: [], types: [type] }],
  };
}

function opSettings({ attrs, stage, body }: Op): ReadonlyMap<string, string> {
  const settings = new Map(settingsOfAttrs(attrs));
  settings.set('stage', jsonOf(stage));
  if (body === undefined) return settings;
  const names = new Map<string, string>();
  const nameOf = (name: string): string => {
    const text = names.get(name) ?? `x${names.size}`;
    names.set(name, text);
    return text;
  };
  const lines = [
    body.params.map(({ name }) => nameOf(name)),
    ...body.ops.map(
      ({ op, operands, attrs, results }) =>
        `${results.map(({ name }) => nameOf(name))} = ${op} ${operands.map(nameOf)} ${attrsText(attrs)}`,
    ),
    body.yields.map(nameOf),
  ];
  return settings.set('step', jsonOf(lines.join('; ')));
}

const settingsOfAttrs = (attrs: Attrs): readonly (readonly [string, string])[] =>
  Object.entries(attrs).map(([key, value]) => [key, attrsText({ value }).slice('{"value":'.length, -1)] as const);
