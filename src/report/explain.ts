import { isPublic, type Op, type Program, type Stage } from '../ir/program.ts';
import type { CallId, ModelGraph } from '../model/graph.ts';
import { opRow } from '../ops/index.ts';
import { frozenOps } from '../rewrite/frozen-cut.ts';
import type { Hoist } from '../rewrite/hoist.ts';
import type { AppliedRewrite } from '../rewrite/pass.ts';
import type { Run } from '../rewrite/pipeline.ts';
import { fillDefaults } from '../schema/build.ts';
import type { Explanation, Fate } from './explanation.ts';
import { Hosts } from './hosts.ts';
import { whyRemoved } from './removed.ts';

export interface ExplainParts {
  /** All of the model, and what was selected of it. */
  readonly graph: ModelGraph;
  readonly selected: ModelGraph;
  readonly skipped: ReadonlySet<CallId>;
  /** What ops say they come from, where that is not the path of their layer. */
  readonly sources: ReadonlyMap<string, string>;
  readonly lowered: Program;
  /** With notes of what was rewritten and refused. */
  readonly runs: readonly Run[];
  readonly program: Program;
  readonly hoist: Hoist;
  readonly cuts: readonly string[];
}

/** What became of every layer of a model and why, in the order of the model. */
export function explain(parts: ExplainParts): readonly Explanation[] {
  const { graph, selected, skipped, sources } = parts;
  const layers = new Map(graph.calls.map(({ layer }) => [layer.path, layer]));
  const removed = whyRemoved(graph, selected, skipped);
  const skippedLayers = new Set(graph.calls.filter(({ id }) => skipped.has(id)).map(({ layer }) => layer.path));
  const history = new History(parts);
  return [...layers.values()].map(({ path, className }): Explanation => {
    const nothing = { layer: path, className, into: [], stage: null, ops: 0, kernels: [], refused: [] };
    if (skippedLayers.has(path)) return { ...nothing, fate: 'skipped', because: ['by --skip; what it is given passes through'] };
    const why = removed.get(path);
    if (why !== undefined) return { ...nothing, fate: 'removed', because: [why] };
    return { layer: path, className, ...history.of(sources.get(path) ?? path) };
  });
}

/** A rewrite, and the pass that made it. */
interface Noted extends AppliedRewrite {
  readonly pass: string;
}

/** What the name of a pass makes of a layer that it computes with another. */
const FATES: Readonly<Record<string, Fate>> = { fold: 'folded', fuse: 'fused', siblings: 'merged' };

/** A program's way through the passes, asked for one layer after the other. */
class History {
  readonly #parts: ExplainParts;
  /** What is computed for each layer in the end. */
  readonly #ops: ReadonlyMap<string, readonly Op[]>;
  readonly #hosts: Hosts;
  readonly #notes = new Map<string, Noted[]>();
  readonly #refused = new Map<string, Explanation['refused'][number][]>();
  /** The pass that took the last op of a layer. */
  readonly #takenBy: ReadonlyMap<string, string>;
  readonly #hoistable: ReadonlySet<Op>;

  constructor(parts: ExplainParts) {
    const { lowered, runs, program } = parts;
    this.#parts = parts;
    this.#ops = byLayer(program.ops);
    this.#hosts = new Hosts(lowered);
    for (const { pass, applied = [], refusals = [], program: after } of runs) {
      for (const note of applied) {
        for (const layer of new Set([...note.layers, ...(note.made?.layers ?? [])])) push(this.#notes, layer, { ...note, pass });
      }
      if (refusals.length === 0) continue;
      const makers = new Map(after.ops.flatMap((op) => op.results.map(({ name }) => [name, op])));
      for (const { rule, value, why } of refusals) push(this.#refused, makers.get(value)?.layers.at(-1) ?? '', { pass, rule, value, why });
    }
    this.#takenBy = lastPasses(lowered, runs);
    const running = program.ops.filter(({ stage }) => stage !== 'load');
    this.#hoistable = parts.hoist === 'auto' && program.features !== null ? frozenOps(program, running) : new Set();
  }

  of(layer: string): Omit<Explanation, 'layer' | 'className'> {
    const all = this.#ops.get(layer) ?? [];
    const running = all.filter(({ stage }) => stage !== 'load');
    const refused = unique(this.#refused.get(layer) ?? [], ({ rule, why }) => `${rule} ${why}`);
    const stage: Stage | null = running.some((op) => op.stage === 'suffix') ? 'suffix' : (running[0]?.stage ?? all[0]?.stage ?? null);
    const computed = { stage, ops: running.length, kernels: kernelsOf(running), refused };
    if (running.length === 0) {
      if (all.length > 0) return { ...computed, fate: 'load', into: [], because: ['depends on weights alone: load() computes it once'] };
      return { ...computed, ...this.#gone(layer) };
    }
    const hosts = [...new Set(running.map((op) => this.#hosts.of(op)))];
    if (hosts.includes(layer)) {
      const because = [opsText(running.map(({ op }) => op)), this.#whyThere(running)];
      return { ...computed, fate: 'kept', into: [], because: because.filter((text) => text !== '') };
    }
    const notes = this.#notes.get(layer) ?? [];
    const brought = notes.filter((note) => hosts.some((host) => joins(note, layer, host)));
    // Where neither was what the rule looked at, it brought both in.
    const together = notes.filter(({ made }) => hosts.some((host) => made?.layers.includes(host)) && made?.layers.includes(layer));
    const joining = unique(brought.length > 0 ? brought : together, ({ pass, rule }) => `${pass} ${rule}`);
    const fate = joining.map(({ pass }) => FATES[pass]).find((known) => known !== undefined) ?? 'joined';
    const rules = joining.map(({ rule }) => rule);
    return { ...computed, fate, into: hosts, because: rules.length > 0 ? [`by ${rules.join(', ')}`] : [] };
  }

  /** Of a layer that no op is left of. */
  #gone(layer: string): { fate: Fate; into: readonly string[]; because: readonly string[] } {
    if (!this.#hosts.has(layer)) return { fate: 'identity', into: [], because: ['does nothing in evaluation'] };
    const pass = this.#takenBy.get(layer);
    const notes = (this.#notes.get(layer) ?? []).filter((note) => note.layers.includes(layer));
    const last = notes.findLast((note) => note.pass === pass) ?? notes.at(-1);
    const into = (last?.made?.layers ?? []).filter((other) => other !== layer);
    if (last?.rule === 'identity')
      return { fate: 'identity', into: [], because: [`gives back what it is given: ${last.made?.value ?? ''}`] };
    if (last?.rule === 'same') return { fate: 'replaced', into, because: [`computes the same as ${last.made?.value ?? ''}`] };
    if (last !== undefined) return { fate: 'joined', into, because: [`by ${last.rule}`] };
    return { fate: 'removed', into: [], because: ['nothing that is left uses its result'] };
  }

  /** Why ops are in the stage they are in, where something is hoisted. */
  #whyThere(running: readonly Op[]): string {
    const { program, hoist, cuts } = this.#parts;
    if (program.features === null) return '';
    const isPrefix = running.every(({ stage }) => stage === 'prefix');
    switch (hoist) {
      case 'auto':
        if (isPrefix) return 'all that it depends on is frozen';
        return running.some((op) => !this.#hoistable.has(op)) ? 'depends on what is not frozen' : 'the cut is better before it';
      case 'shared':
        return `${isPrefix ? '' : 'not '}all of the ${program.outputs.filter(isPublic).length} outputs need it`;
      case 'cuts':
        return isPrefix ? `needed for ${cuts.join(', ')}` : 'behind the cut';
      case 'none':
        return '';
    }
  }
}

/** True for a rewrite that brought a layer and its host together. */
function joins({ layers, made }: Noted, layer: string, host: string): boolean {
  const brings = (a: string, b: string): boolean => layers.includes(a) && !layers.includes(b) && (made?.layers.includes(b) ?? false);
  return made === null ? layers.includes(layer) : brings(layer, host) || brings(host, layer);
}

/** `conv2d`, `add, 2 mul`. */
function opsText(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} ${name}`)).join(', ');
}

/** The pass that each layer which has no op in the end had its last before. */
function lastPasses(lowered: Program, runs: readonly Run[]): ReadonlyMap<string, string> {
  const taken = new Map<string, string>();
  let before = lowered;
  for (const { pass, program } of runs) {
    if (program === before) continue;
    const left = new Set(program.ops.flatMap(({ layers }) => layers));
    for (const { layers } of before.ops) for (const layer of layers) if (!left.has(layer)) taken.set(layer, pass);
    before = program;
  }
  return taken;
}

function kernelsOf(ops: readonly Op[]): string[] {
  const kernels = ops.flatMap((op) =>
    [op, ...(op.body?.ops ?? [])].flatMap(({ op: name, operands, attrs }) => {
      const row = opRow(name);
      return row?.runs?.(operands.length, fillDefaults(row.attrs, attrs)) ?? row?.kernels ?? [];
    }),
  );
  return [...new Set(kernels)].sort();
}

function byLayer(ops: readonly Op[]): Map<string, Op[]> {
  const found = new Map<string, Op[]>();
  for (const op of ops) for (const layer of op.layers) push(found, layer, op);
  return found;
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

const unique = <T>(items: readonly T[], keyOf: (item: T) => string): T[] => [...new Map(items.map((item) => [keyOf(item), item])).values()];
