import { diagnostic, type SkipcError } from '../diagnostics/error.ts';
import type { ModelGraph } from '../model/graph.ts';
import type { Training } from '../model/training.ts';
import { type Found, findModel } from './detect.ts';
import { topologyHash } from './hash.ts';
import { inlineModel } from './inline.ts';
import type { ModelEnvelope } from './keras.ts';
import { type KerasFile, readKerasArchive } from './keras-files/archive.ts';
import { readHdf5Model } from './keras-files/hdf5-model.ts';
import { readModelSpec } from './layers.ts';
import { originOf } from './origin.ts';
import { type ModelSource, type Opened, type OpenedJson, openSource } from './source.ts';
import { isObject } from './spec.ts';
import { withTheanoKernels } from './theano.ts';
import { trainingOf } from './training.ts';
import { artifactWeights } from './weights/artifacts.ts';
import type { WeightIndex } from './weights/index.ts';
import { readManifest } from './weights/manifest.ts';
import { shardedWeights } from './weights/sharded.ts';
import { folderShards, urlShards } from './weights/shards.ts';
import { openZip } from './zip.ts';

export type { ModelSource } from './source.ts';
export type { StoredDType, WeightEntry, WeightIndex } from './weights/index.ts';

export interface ReadModel {
  readonly graph: ModelGraph;
  /** The model's own JSON: Keras's weight files are laid out along it. */
  readonly topology: ModelEnvelope;
  /** What lies where in the model's own weight files; null where there are none. */
  readonly weights: WeightIndex | null;
  /** What the model was compiled with for training; null where it was not. */
  readonly training: Training | null;
  /** First 16 hex digits of the SHA-256 of the canonical topology JSON. */
  readonly hash: string;
  readonly warnings: readonly SkipcError[];
  /** The path or URL, `-` for standard input, null for an object. */
  readonly file: string | null;
}

/**
 * Reads a model, told apart by its content. No weight is read: only where each lies is found out.
 * @throws SkipcError where the file is no model, or not one that can be read
 */
export async function readModel(source: ModelSource): Promise<ReadModel> {
  return modelOf(await openSource(source));
}

/** As `readModel`, of a source that is open. */
export async function modelOf(opened: Opened): Promise<ReadModel> {
  const file = opened.file ?? undefined;
  const kerasFile = opened.form === 'json' ? null : await readKerasFile(opened);
  const found = findModel(opened.form === 'json' ? opened.json : kerasFile?.json, file);
  const graph = graphOfFound(found, file);
  const warnings: SkipcError[] = [];
  const weights = opened.form === 'json' ? await weightsBeside(opened, found, warnings) : (kerasFile?.weights ?? null);
  warnings.push(...(kerasFile?.warnings ?? []));
  return {
    graph,
    topology: found.model,
    weights,
    training: trainingOf(found, file),
    hash: topologyHash(found.topology),
    warnings,
    file: opened.file,
  };
}

async function readKerasFile({ form, bytes, file }: Exclude<Opened, OpenedJson>): Promise<KerasFile> {
  return form === 'zip' ? readKerasArchive(await openZip(bytes, file), file) : readHdf5Model(bytes, file);
}

/**
 * The graph of parsed JSON in any of the forms `readModel` takes.
 * @param file what diagnostics call the file
 */
export function graphOf(json: unknown, file?: string): ModelGraph {
  return graphOfFound(findModel(json, file), file);
}

function graphOfFound(found: Found, file: string | undefined): ModelGraph {
  const spec = readModelSpec(found.model, null, { file, pointer: found.pointer });
  return withTheanoKernels(found, inlineModel(spec, originOf(found), file));
}

async function weightsBeside(opened: OpenedJson, found: Found, warnings: SkipcError[]): Promise<WeightIndex | null> {
  const { json, file, beside, weights } = opened;
  if (weights !== undefined) return weights;
  if (isObject(json) && json['weightSpecs'] !== undefined && json['weightData'] !== undefined) {
    return artifactWeights(json['weightSpecs'], json['weightData']);
  }
  // The envelope is what stands around the topology, also where the file holds JSON as a string.
  const manifest = found.around[0]?.['weightsManifest'] ?? null;
  if (manifest === null || beside === null || file === null) return null;
  const groups = readManifest(manifest, file);
  const shards = 'url' in beside ? urlShards(groups, beside.url, file) : folderShards(groups, beside.folder, file);
  const index = await shardedWeights(groups, shards, file);
  if (index === null && groups.some((group) => group.weights.length > 0)) {
    warnings.push(diagnostic('weights-absent', { shards: shards.flat().map((shard) => shard.path) }, { file }));
  }
  return index;
}
