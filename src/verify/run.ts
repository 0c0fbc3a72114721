import { basename, dirname, join } from 'node:path';
import type { Analysis } from '../analyse.ts';
import { weightsFor } from '../compile.ts';
import { fail } from '../diagnostics/error.ts';
import { startBackend } from '../eval/backend.ts';
import { type ModelSource, type ReadModel, readModel } from '../read/read.ts';
import type { WeightIndex } from '../read/weights/index.ts';
import { version } from '../version.ts';
import type { VerifyOptions } from './options.ts';
import { randomWeights } from './random-weights.ts';
import { reduce } from './reduce.ts';
import { type Finding, FORMAT, type Verification } from './report.ts';
import { openSubjects, variablesOf } from './subjects.ts';
import { Verifier } from './verifier.ts';

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
