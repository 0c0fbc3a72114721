import { memory } from '@tensorflow/tfjs-core';
import { fail } from '../diagnostics/error.ts';
import type { BackendChoice } from '../eval/choices.ts';
import type { WeightIndex } from '../read/weights/index.ts';
import { affordable, samplesAtOnce } from './budget.ts';
import { type Case, casesFor, type Sources } from './cases.ts';
import { domainsOf, openSizes } from './domains.ts';
import { type Expectation, expectationOf, forget, type Noted, noted } from './expectation.ts';
import { faultsIn } from './faults.ts';
import { Reporter } from './findings.ts';
import type { Held } from './held.ts';
import { type LayersReference, layerValues, matchLayers, openLayers } from './layers.ts';
import { loadSubject, SAME } from './loading.ts';
import { agrees, expectationFrom, matchCase } from './match.ts';
import { lateDisposal, memoryTroubles } from './memory.ts';
import { weightFaults } from './module-file.ts';
import type { VerifyOptions } from './options.ts';
import { matchRecording, openRecording, type Recording } from './recorded.ts';
import { repeatCase } from './repeat.ts';
import type { Finding, Verification } from './report.ts';
import { Failure } from './side.ts';
import { workingSizes } from './sizes.ts';
import type { Loaded, Subjects } from './subjects.ts';
import { Tally } from './tally.ts';

/** What rounding to float32 may come to in any value, as part of its largest magnitude; reductions and what they cancel come on top. */
const TOLERANCE: Readonly<Record<BackendChoice, number>> = { node: 1e-5, wasm: 1e-5, cpu: 5e-6 };
/** Cases in which everything is called again. */
const REPEATED = 3;

export type Results = Pick<Verification, 'checks' | 'findings' | 'references' | 'cases' | 'notes'>;

/** One verification. */
export class Verifier {
  readonly #subjects: Subjects;
  readonly #index: WeightIndex | null;
  readonly #options: VerifyOptions;
  readonly #backend: BackendChoice;
  readonly #tolerance: number;
  readonly #reporter: Reporter;
  readonly #findings: Finding[] = [];
  readonly #notes: string[] = [];
  readonly #plainOrder: (value: string) => number;
  readonly #tallies: { readonly plain: Tally; readonly fresh: Tally; readonly layers: Tally };
  #layers: LayersReference | null = null;
  #layersGaveUp: string | null = null;
  #refused = 0;
  /** Why the program gave up when it last did. */
  #refusal = '';
  #ran = 0;

  constructor(subjects: Subjects, index: WeightIndex | null, options: VerifyOptions, backend: BackendChoice) {
    this.#subjects = subjects;
    this.#index = index;
    this.#options = options;
    this.#backend = backend;
    this.#tolerance = options.tolerance ?? TOLERANCE[backend];
    this.#reporter = new Reporter(subjects);
    this.#plainOrder = orderOf(subjects.plain.ops);
    this.#tallies = {
      plain: new Tally('unoptimised', this.#plainOrder),
      fresh: new Tally('compiled', orderOf(subjects.subject.ops)),
      layers: new Tally('layers', this.#plainOrder),
    };
  }

  /** @throws SkipcError `verify-nothing-run` where the program gives up in every case */
  async run(): Promise<Results> {
    const subjects = this.#subjects;
    const options = this.#options;
    const tallies = this.#tallies;
    const { analysis, summary } = subjects.compiled;
    const opened = await this.#openLayers();
    this.#layers = opened !== null && 'peer' in opened ? opened : null;
    const recordings: Recording[] = [];
    for (const path of options.against.files) recordings.push(await openRecording(path, analysis, summary));
    for (const { notes } of recordings) this.#notes.push(...notes);
    const reference = await noted(subjects.plain, this.#tolerance);
    const { file, live } = subjects;
    try {
      const subject = await this.#load(reference);
      const recorded: { readonly tally: Tally; readonly path: string }[] = [];
      const of = subject === null ? 0 : await this.#runAll(subject, reference, recordings, recorded);
      const found = await faultsIn({
        subjects,
        reporter: this.#reporter,
        index: this.#index,
        options,
        tolerance: this.#tolerance,
        weightFaults: file?.weights == null ? [] : (weightFaults(file.weights, live) ?? []),
        tallies,
        recordings: recorded,
      });
      // What a module does to tensors explains why it fails; what it computes comes first.
      const isExplained = this.#findings.some(({ kind }) => kind === 'memory');
      this.#findings.unshift(...found.filter(({ kind }) => !isExplained || kind !== 'failure'));
      if (this.#ran === 0 && this.#findings.length === 0) fail('verify-nothing-run', { why: this.#refusal });
      return {
        checks: [tallies.fresh, tallies.plain, tallies.layers, ...recorded.map(({ tally }) => tally)].flatMap((tally) => tally.checks),
        findings: this.#findings,
        references: this.#references(opened, recordings),
        notes: this.#notes,
        cases: { run: this.#ran, of, refused: this.#refused },
      };
    } finally {
      forget(reference);
      this.#layers?.peer.dispose();
    }
  }

  /** Runs all cases, as far as there is time for them. @returns how many there are */
  async #runAll(
    loaded: Loaded,
    reference: Noted,
    recordings: readonly Recording[],
    recorded: { readonly tally: Tally; readonly path: string }[],
  ): Promise<number> {
    const { plain, fresh, compiled } = this.#subjects;
    const { observer, batchSizes } = this.#options;
    const sources = this.#sources();
    const batches = fixedBatch(this.#subjects) ?? batchSizes;
    const symbols = openSizes(plain.program);
    const sizes = await workingSizes(plain, sources, symbols, batches.find((batch) => batch > 0) ?? 1);
    if (sizes.length === 0) this.#refusal = `no size of ${symbols.join(', ')} was found with which the program runs`;
    const all = sizes.length === 0 ? [] : casesFor(sources, batches, sizes);
    const cases = affordable(all, plain.program, this.#backend);
    const chunks = recordings.map(({ size }) => Math.ceil(size / samplesAtOnce(plain.program)));
    const total = chunks.reduce((sum, count) => sum + count, cases.length);
    observer.begin({ program: compiled.name, model: compiled.summary.model.name, backend: this.#backend, cases: total });
    const wanted = this.#wanted(recordings);
    const exact = new Set(sources.domains.filter(({ isExact }) => isExact).map(({ input }) => input.key));
    const freshLoaded = fresh === null ? null : { side: fresh, weights: await fresh.load() };
    for (const each of cases) {
      const inputs = each.inputs();
      const expected = expectationOf(reference, inputs, wanted, exact, this.#tolerance);
      if (this.#ran === 0 && expected.failure === null) await this.#checkMemory(inputs, loaded, freshLoaded);
      // Where the module disposes of its weights, the comparison goes on with others.
      if (Object.values(loaded.weights).some(({ isDisposed }) => isDisposed)) loaded.weights = await loaded.side.load();
      this.#runCase(each, inputs, expected, loaded, freshLoaded);
      observer.advance(1);
    }
    for (const recording of recordings) recorded.push(await this.#runRecording(recording, reference, wanted, exact, loaded));
    for (const { side, weights } of freshLoaded === null ? [loaded] : [loaded, freshLoaded]) side.module.dispose(weights);
    return all.length;
  }

  /** Loads the weights of the module; null where it does not. */
  async #load(reference: Noted): Promise<Loaded | null> {
    try {
      const { loaded, plain, fresh } = await loadSubject(this.#subjects, reference);
      const about = { case: null, inputs: null };
      this.#tallies.plain.add('weights', null, about, plain);
      if (fresh !== null) this.#tallies.fresh.add('weights', null, about, fresh);
      return loaded;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { subject, file } = this.#subjects;
      const trouble = { case: null, inputs: null, mismatch: null, failure: error };
      this.#findings.push(this.#reporter.value('compiled', subject, trouble, file === null ? 'emission' : 'module', null));
      return null;
    }
  }

  /** Null where tfjs-layers was not asked for. @throws SkipcError `verify-no-layers` where it was, and cannot */
  async #openLayers(): Promise<LayersReference | { readonly reason: string } | null> {
    const { layers } = this.#options.against;
    if (layers === false) return null;
    const opened = await openLayers(this.#subjects.compiled.analysis, this.#index).catch((error: unknown) => {
      if (layers === true || !isMissing(error)) throw error;
      return { reason: (error as Error).message };
    });
    return 'reason' in opened && layers === true ? fail('verify-no-layers', { reason: opened.reason }) : opened;
  }

  #references(layers: LayersReference | { readonly reason: string } | null, recordings: readonly Recording[]): Verification['references'] {
    const names = new Map(this.#subjects.compiled.analysis.selected.calls.map(({ id, layer }) => [id, layer.path]));
    const known =
      layers !== null && 'met' in layers
        ? [...layers.met].flatMap(([call, sentences]) => sentences.map((what) => ({ layer: names.get(call) ?? call, what })))
        : [];
    return [
      { name: 'unoptimised', why: null, known: [] },
      ...(layers === null ? [] : [{ name: 'layers', why: 'reason' in layers ? layers.reason : this.#layersGaveUp, known }]),
      ...recordings.map(({ path }) => ({ name: path, why: null, known: [] })),
    ];
  }

  #sources(): Sources {
    const { selected } = this.#subjects.compiled.analysis;
    const configs = selected.calls.map(({ layer }) => layer);
    return {
      domains: domainsOf(this.#subjects.plain.program),
      maskValues: configs.filter(({ className }) => className === 'Masking').map(({ config }) => Number(config['mask_value'] ?? 0)),
      maskZero: configs.some(({ config }) => config['mask_zero'] === true),
      seed: this.#options.seed,
    };
  }

  /** The values of the plain program that something is compared with. */
  #wanted(recordings: readonly Recording[]): ReadonlySet<string> {
    const { subject, compiled } = this.#subjects;
    const common = [...subject.ops.keys()];
    const ofLayers = this.#layers !== null ? layerValues(compiled.analysis) : [];
    return new Set([...common, ...ofLayers, ...recordings.flatMap(({ values }) => values.map(({ value }) => value))]);
  }

  #runCase(each: Case, inputs: ReadonlyMap<string, Held>, expected: Expectation, loaded: Loaded, fresh: Loaded | null): void {
    const { side, weights } = loaded;
    if (expected.failure !== null) {
      this.#refused += 1;
      this.#refusal = expected.failure.message;
      return;
    }
    this.#ran += 1;
    const about = { case: each, inputs };
    const match = matchCase(side, weights, inputs, expected);
    this.#tallies.plain.add(each.kind, each.batch, about, match);
    if (fresh !== null) {
      const same = expectationFrom(fresh.side, fresh.weights, inputs, expected, SAME);
      if (same.failure === null) this.#tallies.fresh.add(each.kind, each.batch, about, matchCase(side, weights, inputs, same));
    }
    if (this.#layers !== null && this.#layersGaveUp === null) {
      const found = matchLayers(this.#layers, inputs, expected);
      if (found !== null && 'reason' in found) this.#layersGaveUp = found.reason;
      else if (found !== null) this.#tallies.layers.add(each.kind, each.batch, about, found);
    }
    if (this.#ran <= REPEATED && agrees(match) && this.#findings.length === 0) {
      for (const odd of repeatCase(side, weights, inputs, expected).slice(0, 1)) this.#findings.push(this.#reporter.repeat(odd, each));
    }
  }

  async #checkMemory(inputs: ReadonlyMap<string, Held>, loaded: Loaded, fresh: Loaded | null): Promise<void> {
    const before = memory().numTensors;
    const [trouble] = await memoryTroubles(loaded.side, inputs);
    if (trouble !== undefined) this.#findings.push(this.#reporter.memory(trouble));
    else if (memory().numTensors !== before) {
      this.#findings.push(this.#reporter.memory({ what: 'tensors are left behind', value: null, site: null }));
    } else if (fresh !== null) {
      const late = lateDisposal(loaded, fresh, inputs);
      if (late !== null) this.#findings.push(this.#reporter.memory(late));
    }
  }

  /** Runs the inputs of a file. */
  async #runRecording(recording: Recording, reference: Noted, wanted: ReadonlySet<string>, exact: ReadonlySet<string>, loaded: Loaded) {
    const tally = new Tally(recording.path, this.#plainOrder);
    const step = samplesAtOnce(this.#subjects.plain.program);
    for (let from = 0; from < recording.size; from += step) {
      const to = Math.min(from + step, recording.size);
      if (from > 0) this.#options.observer.advance(1);
      const inputs = new Map<string, Held>();
      for (const [key, source] of recording.inputs) inputs.set(key, (await source.read(from, to)) as Held);
      const each: Case = { kind: recording.path, batch: to - from, sizes: new Map(), inputs: () => inputs };
      const expected = expectationOf(reference, inputs, wanted, exact, this.#tolerance);
      if (expected.failure !== null) {
        tally.add(
          'recorded',
          to - from,
          { case: each, inputs },
          { failure: expected.failure, mismatches: [], worst: null, compared: 0, ties: 0 },
        );
        continue;
      }
      this.#ran += 1;
      this.#tallies.plain.add('recorded', to - from, { case: each, inputs }, matchCase(loaded.side, loaded.weights, inputs, expected));
      tally.add('recorded', to - from, { case: each, inputs }, matchRecording(recording, from, to, expected, this.#plainOrder));
    }
    return { tally, path: recording.path };
  }
}

const isMissing = (error: unknown): boolean => (error as { code?: unknown }).code === 'tfjs-layers-missing';

/** The batch sizes that a program allows, where the model fixes them. */
function fixedBatch({ plain }: Subjects): readonly number[] | null {
  const fixed = plain.program.inputs.map(({ type }) => type.shape[0]).find((dim) => typeof dim === 'number');
  return typeof fixed === 'number' ? [fixed] : null;
}

function orderOf(ops: ReadonlyMap<string, unknown>): (value: string) => number {
  const order = new Map([...ops.keys()].map((name, i) => [name, i]));
  return (value) => order.get(value) ?? (value.startsWith('@') ? -1 : Number.MAX_SAFE_INTEGER - 1);
}
