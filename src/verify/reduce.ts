import type { AnalyseOptions, Analysis } from '../analyse.ts';
import { analyseModel } from '../analyse.ts';
import { SkipcError } from '../diagnostics/error.ts';
import { liveWeights } from '../emit/weights.ts';
import { type Call, type CallId, splitTensor, type TensorId, tensorsOf } from '../model/graph.ts';
import type { ReadModel, WeightIndex } from '../read/read.ts';
import { tensorName } from '../select/display.ts';
import { writeModel } from '../write/model.ts';

/** A part of a model that shows what the whole does. */
export interface Reduced {
  readonly json: string;
  readonly weights: Uint8Array;
  readonly layers: number;
}

export interface Reduction {
  readonly model: ReadModel;
  readonly index: WeightIndex | null;
  readonly analysis: Analysis;
  /** How the whole was selected. */
  readonly options: AnalyseOptions;
  /** Paths of the layers at fault. */
  readonly layers: readonly string[];
  readonly weightFile: string;
  /** True where what is selected so still shows it. */
  shows(options: AnalyseOptions): Promise<boolean>;
}

/** Parts that are tried where one layer after the other is left out. */
const MOST_TRIALS = 32;

/**
 * Finds a small part of a model around the layers at fault that shows the mismatch: ever more layers before them, until it does, and of
 * these one after the other left out, as long as it does (A. Zeller and R. Hildebrandt, Simplifying and Isolating Failure-Inducing
 * Input, 2002).
 * @returns or why no file can hold it
 */
export async function reduce(reduction: Reduction): Promise<Reduced | { readonly reason: string }> {
  const { analysis, layers, options, shows } = reduction;
  const calls = new Map(analysis.selected.calls.map((call) => [call.id, call]));
  const guilty = analysis.selected.calls.filter(({ layer }) => layers.includes(layer.path));
  const last = guilty.at(-1);
  if (last === undefined) return { reason: 'the layer at fault is not known' };
  const tries = async (window: ReadonlySet<CallId>): Promise<AnalyseOptions | null> => {
    const selection = selectionOf(window, calls, last, options);
    try {
      return (await shows(selection)) ? selection : null;
    } catch (error) {
      // A part that cannot be cut out, or be compiled.
      if (error instanceof SkipcError) return null;
      throw error;
    }
  };

  let window: ReadonlySet<CallId> = new Set(guilty.map(({ id }) => id));
  let found = await tries(window);
  for (let steps = 1; found === null; steps *= 2) {
    const wider = widened(window, calls, steps);
    if (wider.size === window.size) break;
    window = wider;
    found = await tries(window);
  }
  if (found === null) return { reason: 'no part of the model shows it' };
  let trials = 0;
  for (const id of [...calls.keys()].filter((each) => window.has(each))) {
    if (id === last.id || ++trials > MOST_TRIALS) continue;
    const smaller = new Set([...window].filter((each) => each !== id));
    const selection = await tries(smaller);
    if (selection !== null) [window, found] = [smaller, selection];
  }
  return written(reduction, found);
}

/** The calls of a window, and those from so many calls before. */
function widened(window: ReadonlySet<CallId>, calls: ReadonlyMap<CallId, Call>, steps: number): ReadonlySet<CallId> {
  const wider = new Set(window);
  let edge = [...window];
  for (let step = 0; step < steps && edge.length > 0; step++) {
    edge = edge
      .flatMap((id) => tensorsOf(calls.get(id) as Call).map((tensor) => splitTensor(tensor).call))
      .filter((id) => calls.has(id) && !wider.has(id));
    for (const id of edge) wider.add(id);
  }
  return wider;
}

/** What selects a window: it is cut off from all before it. */
function selectionOf(window: ReadonlySet<CallId>, calls: ReadonlyMap<CallId, Call>, last: Call, options: AnalyseOptions): AnalyseOptions {
  const cut = new Set<TensorId>();
  for (const id of window) {
    for (const tensor of tensorsOf(calls.get(id) as Call)) {
      const { call } = splitTensor(tensor);
      if (!window.has(call) && calls.has(call)) cut.add(tensor);
    }
  }
  const { skip = [], plugins, backend } = options;
  return {
    outputs: [tensorName(`${last.id}:0`)],
    inputs: [...cut].map(tensorName),
    skip,
    hoist: 'none',
    ...(plugins === undefined ? {} : { plugins }),
    ...(backend === undefined ? {} : { backend }),
  };
}

async function written({ model, index, weightFile }: Reduction, options: AnalyseOptions): Promise<Reduced | { readonly reason: string }> {
  const { selected, lowered } = analyseModel(model, options);
  const weights = index === null ? null : await liveWeights(lowered, index);
  const file = writeModel(selected, weights, weightFile);
  if ('reason' in file) return file;
  return { ...file, layers: new Set(selected.calls.map(({ layer }) => layer.path)).size };
}
