import { basename, dirname, join } from 'node:path';
import { memory } from '@tensorflow/tfjs-core';
import type { Analysis } from '../analyse.ts';
import { weightsFor } from '../compile.ts';
import { fail } from '../diagnostics/error.ts';
import { startBackend } from '../eval/backend.ts';
import type { BackendChoice } from '../eval/choices.ts';
import { type ModelSource, type ReadModel, readModel } from '../read/read.ts';
import type { WeightIndex } from '../read/weights/index.ts';
import { version } from '../version.ts';
import { affordable, samplesAtOnce } from './budget.ts';
import { type Case, casesFor, type Sources } from './cases.ts';
import { compare } from './compare.ts';
import { domainsOf, openSizes } from './domains.ts';
import { type Expectation, type Expected, expectationOf, forget, type Noted, noted } from './expectation.ts';
import { Reporter } from './findings.ts';
import { type Held, heldIn } from './held.ts';
import { type LayersReference, layerValues, matchLayers, openLayers } from './layers.ts';
import { agrees, asExpected, comparer, expectationFrom, Matching, matchCase } from './match.ts';
import { lateDisposal, memoryTroubles } from './memory.ts';
import { type WeightFault, weightFaults } from './module-file.ts';
import type { VerifyOptions } from './options.ts';
import { firstGuiltyPass } from './passes.ts';
import { randomWeights } from './random-weights.ts';
import { matchRecording, openRecording, type Recording } from './recorded.ts';
import { reduce } from './reduce.ts';
import { repeatCase } from './repeat.ts';
import { type Finding, FORMAT, type Verification } from './report.ts';
import { Failure } from './side.ts';
import { workingSizes } from './sizes.ts';
import { type Loaded, openSubjects, type Subjects, variablesOf } from './subjects.ts';
import { Tally } from './tally.ts';

/** What rounding to float32 may come to in any value, as part of its largest magnitude; reductions and what they cancel come on top. */
const TOLERANCE: Readonly<Record<BackendChoice, number>> = { node: 1e-5, wasm: 1e-5, cpu: 5e-6 };
/** The same program again: only what was baked on another backend is rounded otherwise. */
const SAME = 1e-6;
/** Cases in which everything is called again. */
const REPEATED = 3;

/**
 * Verifies a module: compares its values with those of the same program unrewritten, these with tfjs-layers and with files of values, and
 * what it does to tensors with what it promises.
 * @throws SkipcError what compiling throws, and the codes `verify-*`
 */
export async function runVerification(source: ModelSource, options: VerifyOptions): Promise<Verification> {
  const began = performance.now();
  const { observer, seed } = options;
  if (options.reduce !== undefined && options.module !== undefined) fail('reduce-module', { path: options.module });
  const model = await readModel(source);
  const own = await weightsFor(model, options.weightsFrom);
  const variables = own === null ? variablesOf(model, options.compile) : [];
  const index = own ?? (variables.length > 0 ? randomWeights(variables, seed) : null);
  const subjects = await openSubjects(model, index, options.compile, options.module);
  const { compiled } = subjects;
  for (const warning of compiled.analysis.warnings) {
    // Random ones stand in for them.
    if (warning.code !== 'weights-absent') observer.warn(warning);
  }
  const backend = await startBackend(options.backends);
  const results = await new Verifier(subjects, index, options, backend).run();
  const { summary } = compiled;
  const reduced =
    options.reduce === undefined ? null : await reducedModel(options.reduce, model, index, compiled.analysis, options, results.findings);
  return {
    'skipc-verification': FORMAT,
    skipc: version,
    model: { name: summary.model.name, hash: summary.model.hash },
    program: { name: summary.program.name, hash: summary.program.hash },
    module: options.module ?? null,
    backend,
    weights: own !== null ? 'model' : variables.length > 0 ? 'random' : 'none',
    seed,
    verified: results.findings.length === 0,
    ...results,
    reduced: reduced === null || 'reason' in reduced ? null : reduced,
    notes: reduced !== null && 'reason' in reduced ? [...results.notes, `no model was written: ${reduced.reason}`] : results.notes,
    seconds: (performance.now() - began) / 1000,
  };
}

const SILENT = { warn: () => undefined, begin: () => undefined, advance: () => undefined, stage: () => undefined };

/** The part of the model that shows the first mismatch, as files; null where there is none to show. */
async function reducedModel(
  path: string,
  model: ReadModel,
  index: WeightIndex | null,
  analysis: Analysis,
  options: VerifyOptions,
  findings: readonly Finding[],
): Promise<NonNullable<Verification['reduced']> | { readonly reason: string } | null> {
  const [finding] = findings;
  if (finding === undefined) return null;
  if (options.against.files.includes(finding.against ?? '')) return { reason: 'what was recorded is of the whole model' };
  options.observer.stage('reducing the model');
  const against = { layers: finding.against === 'layers', files: [] };
  const weightFile = `${basename(path).replace(/\.json$/, '')}.weights.bin`;
  const reduced = await reduce({
    model,
    index,
    analysis,
    options: options.compile,
    layers: finding.layers.map((layer) => layer.path),
    weightFile,
    async shows(compile) {
      const part = await openSubjects(model, index, compile, undefined);
      const inner = { ...options, compile, against, observer: SILENT, module: undefined, isQuick: true };
      const { findings: found } = await new Verifier(part, index, inner, await startBackend(options.backends)).run();
      return found.some((each) => each.against === finding.against && each.kind === finding.kind);
    },
  });
  if ('reason' in reduced) return reduced;
  const { json, weights, layers } = reduced;
  options.writeFiles?.([
    { path, content: json },
    { path: join(dirname(path), weightFile), content: weights },
  ]);
  return { path, layers, against: finding.against };
}

type Results = Pick<Verification, 'checks' | 'findings' | 'references' | 'cases' | 'notes'>;

/** One verification. */
class Verifier {
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
  #refused = 0;
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

  async run(): Promise<Results> {
    const { compiled, plain, subject, fresh } = this.#subjects;
    const { analysis } = compiled;
    const layers = await this.#openLayers();
    const recordings: Recording[] = [];
    for (const path of this.#options.against.files) recordings.push(await openRecording(path, analysis, compiled.summary));
    for (const { notes } of recordings) this.#notes.push(...notes);

    const weightsAmiss = this.#weightFaults();
    const reference = await noted(plain, this.#tolerance);
    const loaded = await this.#loadSubject(reference);
    let references: Verification['references'] = [];
    let of = 0;
    if (loaded !== null) {
      const sources = this.#sources();
      const batches = fixedBatch(this.#subjects) ?? this.#options.batchSizes;
      const symbols = openSizes(plain.program);
      const sizes = await workingSizes(plain, sources, symbols, batches.find((batch) => batch > 0) ?? 1);
      const all = sizes.length === 0 ? [] : casesFor(sources, batches, sizes);
      if (sizes.length === 0) this.#notes.push(`no size of ${symbols.join(', ')} was found with which the program runs`);
      const cases = affordable(all, plain.program, this.#backend);
      of = all.length;
      this.#options.observer.begin({
        program: compiled.name,
        model: compiled.summary.model.name,
        backend: this.#backend,
        cases: cases.length + recordings.reduce((sum, { size }) => sum + Math.ceil(size / samplesAtOnce(plain.program)), 0),
      });
      const wanted = this.#wanted(layers !== null && 'peer' in layers, recordings);
      const exact = new Set(sources.domains.filter(({ isExact }) => isExact).map(({ input }) => input.key));
      const freshLoaded = fresh === null ? null : { side: fresh, weights: await fresh.load() };
      for (const each of cases) {
        const inputs = each.inputs();
        const expected = expectationOf(reference, inputs, wanted, exact, this.#tolerance);
        if (this.#ran === 0 && expected.failure === null) await this.#checkMemory(inputs, loaded, freshLoaded);
        // Where the module disposes of its weights, the comparison goes on with others.
        if (Object.values(loaded.weights).some(({ isDisposed }) => isDisposed)) loaded.weights = await loaded.side.load();
        this.#runCase(each, inputs, expected, loaded, freshLoaded, layers !== null && 'peer' in layers ? layers : null);
        this.#options.observer.advance(1);
      }
      const tallies = [];
      for (const recording of recordings) tallies.push(await this.#runRecording(recording, reference, wanted, exact, loaded));
      await this.#settle(weightsAmiss, tallies);
      references = this.#references(layers, recordings);
      if (freshLoaded !== null) freshLoaded.side.module.dispose(freshLoaded.weights);
      subject.module.dispose(loaded.weights);
      const checks = [this.#tallies.fresh, this.#tallies.plain, this.#tallies.layers, ...tallies.map(({ tally }) => tally)].flatMap(
        (tally) => tally.checks,
      );
      forget(reference);
      if (layers !== null && 'peer' in layers) layers.peer.dispose();
      return { checks, findings: this.#findings, references, notes: this.#notes, cases: { run: this.#ran, of, refused: this.#refused } };
    }
    for (const fault of weightsAmiss.slice(0, 1)) this.#findings.unshift(this.#reporter.weight(fault));
    forget(reference);
    return { checks: [], findings: this.#findings, references, notes: this.#notes, cases: { run: 0, of, refused: 0 } };
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

  #layersGaveUp: string | null = null;

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
  #wanted(hasLayers: boolean, recordings: readonly Recording[]): ReadonlySet<string> {
    const { subject, compiled } = this.#subjects;
    const common = [...subject.ops.keys()];
    const ofLayers = hasLayers ? layerValues(compiled.analysis) : [];
    return new Set([...common, ...ofLayers, ...recordings.flatMap(({ values }) => values.map(({ value }) => value))]);
  }

  /** Weights in the file beside a module that are not those of the model. */
  #weightFaults(): readonly WeightFault[] {
    const { file, live } = this.#subjects;
    return file?.weights == null ? [] : (weightFaults(file.weights, live) ?? []);
  }

  /** Loads the weights of the module, and compares what it makes of them; null where it does not load. */
  async #loadSubject(reference: Noted): Promise<Loaded | null> {
    const { subject, fresh } = this.#subjects;
    const known = new Map<string, readonly Expected[]>();
    const members = new Map<string, Held>();
    if (fresh !== null) {
      const found = new Map<string, Expected[]>();
      const weights = await fresh.load((name, tensor) => {
        found.set(name, [...(found.get(name) ?? []), asExpected(heldIn(tensor), SAME)]);
        return undefined;
      });
      for (const [name, all] of found) known.set(name, all);
      for (const [key, tensor] of Object.entries(weights)) members.set(key, heldIn(tensor));
      fresh.module.dispose(weights);
    }
    const [plainMatching, freshMatching] = [new Matching(), new Matching()];
    const [seePlain, seeFresh] = [comparer(reference.loaded, plainMatching), comparer(known, freshMatching)];
    try {
      const weights = await subject.load((name, tensor, site) => {
        let held: Held | undefined;
        const once = (): Held => {
          held ??= heldIn(tensor);
          return held;
        };
        seePlain(name, once, site);
        seeFresh(name, once, site);
        return undefined;
      });
      for (const [key, tensor] of Object.entries(weights)) {
        const other = members.get(key);
        const value = subject.nameOf(key);
        // Those that are computed have been compared where they were, unless they were baked.
        if (other === undefined || value === undefined) continue;
        const comparison = compare(heldIn(tensor), other, asExpected(other, SAME * 10).allowance);
        freshMatching.add({ value, isOutput: false, site: null, step: null }, comparison);
      }
      const about = { case: null, inputs: null };
      this.#tallies.plain.add('weights', null, about, plainMatching.finish());
      if (fresh !== null) this.#tallies.fresh.add('weights', null, about, freshMatching.finish());
      return { side: subject, weights };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const fault = this.#subjects.file === null ? 'emission' : 'module';
      const trouble = { case: null, inputs: null, mismatch: null, failure: error };
      this.#findings.push(this.#reporter.value('compiled', subject, trouble, fault, null));
      return null;
    }
  }

  #runCase(
    each: Case,
    inputs: ReadonlyMap<string, Held>,
    expected: Expectation,
    loaded: Loaded,
    fresh: Loaded | null,
    layers: LayersReference | null,
  ): void {
    const { side, weights } = loaded;
    if (expected.failure !== null) {
      this.#refused += 1;
      return;
    }
    this.#ran += 1;
    const label = labelOf(each);
    const about = { case: each, inputs };
    const match = matchCase(side, weights, inputs, expected);
    this.#tallies.plain.add(label, each.batch, about, match);
    if (fresh !== null) {
      const same = expectationFrom(fresh.side, fresh.weights, inputs, expected, SAME);
      if (same.failure === null) this.#tallies.fresh.add(label, each.batch, about, matchCase(side, weights, inputs, same));
    }
    if (layers !== null && this.#layersGaveUp === null) {
      const found = matchLayers(layers, inputs, expected);
      if (found !== null && 'reason' in found) this.#layersGaveUp = found.reason;
      else if (found !== null) this.#tallies.layers.add(label, each.batch, about, found);
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

  /** Finds out what is at fault, the nearest first: the file, a pass, the model. */
  async #settle(
    weightsAmiss: readonly WeightFault[],
    recordings: readonly { readonly tally: Tally; readonly path: string }[],
  ): Promise<void> {
    const { subject, fresh, compiled, plain, backend } = this.#subjects;
    const { plain: plainTally, fresh: freshTally, layers } = this.#tallies;
    const found: Finding[] = [];
    for (const fault of weightsAmiss.slice(0, 1)) found.push(this.#reporter.weight(fault));
    const edited = fresh === null ? null : freshTally.first;
    if (edited !== null && found.length === 0) {
      const isWeight = edited.case === null && edited.mismatch?.site === null && edited.failure === null;
      found.push(this.#reporter.value('compiled', subject, edited, isWeight ? 'weights' : 'module', null));
    }
    const rewritten = plainTally.first;
    if (rewritten !== null && found.length === 0) {
      this.#options.observer.stage('looking for the pass');
      const { inputs } = rewritten;
      const { analysis } = compiled;
      const expected = inputs === null ? null : this.#expectedOf(inputs, await noted(plain, this.#tolerance));
      const guilty =
        expected === null || inputs === null || this.#options.isQuick
          ? null
          : await firstGuiltyPass(analysis.lowered, analysis.runs, { inputs, expected, index: this.#index, backend });
      found.push(this.#reporter.value('unoptimised', subject, rewritten, guilty === null ? 'emission' : 'pass', guilty));
    }
    if (layers.first !== null) found.push(this.#reporter.value('layers', plain, layers.first, 'model', null));
    for (const { tally, path } of recordings) {
      if (tally.first !== null) found.push(this.#reporter.value(path, plain, tally.first, 'model', null));
    }
    // What a module does to tensors explains why it fails; what it computes comes first.
    const explained = this.#findings.some(({ kind }) => kind === 'memory');
    this.#findings.unshift(...found.filter(({ kind }) => !explained || kind !== 'failure'));
  }

  #expectedOf(inputs: ReadonlyMap<string, Held>, reference: Noted): Expectation {
    const exact = new Set(
      domainsOf(reference.side.program)
        .filter(({ isExact }) => isExact)
        .map(({ input }) => input.key),
    );
    const expected = expectationOf(reference, inputs, new Set(reference.side.ops.keys()), exact, this.#tolerance);
    forget(reference);
    return expected;
  }
}

const labelOf = ({ kind }: Case): string => kind;
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
