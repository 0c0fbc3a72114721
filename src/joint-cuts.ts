import { type AnalyseOptions, hoistOf, isWorthHoisting } from './analyse.ts';
import { MASK, type Op, type Program, valuesOf } from './ir/program.ts';
import type { TensorType } from './ir/types.ts';
import { layersWith } from './layers/index.ts';
import { type LayerRows, type Lowered, lower } from './lower/lower.ts';
import { type ModelGraph, type TensorId, tensorsOf } from './model/graph.ts';
import { costOf } from './ops/cost.ts';
import { readNested } from './read/nested.ts';
import type { ReadModel } from './read/read.ts';
import type { Hoist } from './rewrite/hoist.ts';
import { optimisations, rewrite } from './rewrite/pipeline.ts';
import { tensorName } from './select/display.ts';
import { NameIndex } from './select/names.ts';
import { type Selected, select } from './select/select.ts';

/** How much of all FLOPs the suffix may do again so that the cut is at tensors that have names. */
const SLACK = 0.01;

/** A cut that skipc chooses, told apart from those that name tensors. */
type Chosen = 'auto' | 'shared' | undefined;

/**
 * Programs of one model with cuts in common. Where several leave the cut to skipc alike, and have the same inputs and skipped layers, it is
 * chosen once, for all their outputs together, and each gets it as tensors by name. Programs whose cut cannot be named, or to which it is
 * worth nothing, stay as they are.
 * @param at called with the number of the program whose selection is looked at, and the looking: errors are told apart by it
 */
export function withJointCuts<O extends AnalyseOptions>(
  model: ReadModel,
  programs: readonly O[],
  at: <T>(program: number, work: () => T) => T,
): readonly O[] {
  const groups = new Map<string, { readonly hoist: Chosen; readonly members: number[] }>();
  programs.forEach(({ inputs = [], skip = [], hoist: given }, i) => {
    const { hoist } = at(i, () => hoistOf(given));
    if (hoist === 'cuts' || hoist === 'none') return;
    const key = JSON.stringify([inputs, skip, hoist ?? null]);
    const group = groups.get(key) ?? { hoist, members: [] };
    group.members.push(i);
    groups.set(key, group);
  });
  const result = [...programs];
  for (const { hoist, members } of groups.values()) {
    if (members.length < 2) continue;
    const joint = new JointSelection(model, programs[members[0] as number] as O);
    const parts = members.map((i) => at(i, () => joint.part(programs[i]?.outputs ?? [])));
    joint.cuts(parts, hoist).forEach((cuts, m) => {
      const i = members[m] as number;
      if (cuts !== null) result[i] = { ...(programs[i] as O), hoist: cuts };
    });
  }
  return result;
}

/** Selections that differ in their outputs alone. */
class JointSelection {
  readonly #model: ModelGraph;
  readonly #inputs: readonly string[];
  readonly #skip: readonly string[];
  readonly #rows: LayerRows;
  readonly #whole: Lowered;
  readonly #names: NameIndex;

  constructor({ graph }: ReadModel, { inputs = [], skip = [], plugins = [] }: AnalyseOptions) {
    this.#model = graph;
    this.#inputs = inputs;
    this.#skip = skip;
    this.#rows = layersWith(plugins);
    this.#whole = lower(graph, 'whole', this.#rows, { tolerant: true, readNested });
    this.#names = new NameIndex(graph);
  }

  /** @throws SkipcError as `select` */
  part(outputs: readonly string[], cuts: readonly string[] = []): Selected {
    const selection = { outputs, inputs: this.#inputs, skip: this.#skip };
    return select(this.#model, selection, cuts, this.#whole.types, this.#whole.masks);
  }

  /** Where to cut each part: names, `none`, or null where that is to be found for the part alone. */
  cuts(parts: readonly Selected[], hoist: Chosen): readonly (readonly string[] | 'none' | null)[] {
    const left = parts.map(() => null);
    const outputs = new Set(parts.flatMap(({ graph }) => graph.outputs.map(({ tensor }) => tensor)));
    const all = outputs.size < 2 ? null : this.#partOf(outputs);
    if (all === null) return left;
    const lowered = this.#lower(all);
    if (hoist !== 'shared' && !lowered.weights.some(({ frozen }) => frozen)) return left;
    const staged = stagedAt(lowered, hoist ?? 'auto');
    // Nothing is shared: asked for of one output alone, that would be an error.
    if (hoist === 'shared' && !hasPrefix(staged)) return parts.map(() => 'none');
    if (!hasPrefix(staged) || (hoist === undefined && !isWorthHoisting(staged))) return left;
    const tensors = cutTensors(staged, neededBy(all.graph));
    return tensors === null ? left : parts.map(({ graph }) => this.#cutsOf(graph, tensors, hoist));
  }

  #cutsOf(graph: ModelGraph, tensors: readonly TensorId[], hoist: Chosen): readonly string[] | null {
    const needed = neededBy(graph);
    const live = tensors.filter((tensor) => needed.has(tensor));
    const names = this.#namesOf(live);
    if (names === null || names.length === 0) return null;
    if (hoist !== undefined) return names;
    const part = this.#partOf(new Set(graph.outputs.map(({ tensor }) => tensor)), names);
    return part !== null && isWorthHoisting(stagedAt(this.#lower(part), 'cuts')) ? names : null;
  }

  /** The part that has these outputs; null where one of them has no name. */
  #partOf(outputs: ReadonlySet<TensorId>, cuts: readonly string[] = []): Selected | null {
    const names = this.#namesOf([...outputs]);
    return (
      names &&
      this.part(
        names.map((name, i) => `joint${i}=${name}`),
        cuts,
      )
    );
  }

  #namesOf(tensors: readonly TensorId[]): readonly string[] | null {
    const names = tensors.flatMap((tensor) => this.#names.nameOf(tensor, 'output') ?? []);
    return names.length < tensors.length ? null : names;
  }

  #lower({ graph, cuts }: Selected): Program {
    return lower(graph, 'joint', this.#rows, { cuts, readNested }).program;
  }
}

/** The program as its layers stand, so that what crosses the cut is called after them. */
const stagedAt = (program: Program, hoist: Hoist): Program =>
  rewrite(program, { hoist }, { skip: optimisations }).at(-1)?.program ?? program;

const hasPrefix = ({ features, ops }: Program): boolean => features !== null && ops.some(({ stage }) => stage === 'prefix');

/** Every tensor that a part of a model needs. */
const neededBy = ({ calls, outputs }: ModelGraph): ReadonlySet<TensorId> =>
  new Set([...calls.flatMap(tensorsOf), ...outputs.map(({ tensor }) => tensor)]);

/**
 * The tensors that cross the cut, inputs and masks aside, which cross by themselves. What has no name is given up for what it is computed
 * from, as long as the suffix has little more to do for it.
 * @param tensors those that could have a name
 * @returns null where names would cost too much
 */
function cutTensors(program: Program, tensors: ReadonlySet<TensorId>): readonly TensorId[] | null {
  const values = valuesOf(program);
  const typeOf = (name: string): TensorType => values.get(name)?.type as TensorType;
  const byName = new Map([...tensors].map((tensor) => [`%${tensorName(tensor)}`, tensor]));
  const makers = new Map<string, Op>();
  let total = 0;
  for (const op of program.ops) {
    if (op.stage === 'load') continue;
    total += costOf(op, typeOf);
    for (const { name } of op.results) makers.set(name, op);
  }
  const crossing = new Set((program.features ?? []).map(({ value }) => value));
  const found = new Set<TensorId>();
  const given = new Set<Op>();
  let redone = 0;
  for (const name of crossing) {
    const maker = makers.get(name);
    const tensor = byName.get(name);
    // Inputs, weights and what depends on weights alone have no maker here.
    if (maker === undefined || name.endsWith(MASK)) continue;
    if (tensor !== undefined) found.add(tensor);
    else {
      if (!given.has(maker)) redone += costOf(maker, typeOf);
      if (redone > total * SLACK) return null;
      given.add(maker);
      for (const operand of maker.operands) crossing.add(operand);
    }
  }
  return [...found];
}
