import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { io } from '@tensorflow/tfjs-core';

const MODEL = 'model.json';
const SHARD = 'weights.bin';

/**
 * A tfjs save handler that writes `model.json` and its one shard, `weights.bin`, into `folder`, as tfjs-node's `file://`
 * handler does. Used with `model.save(...)`.
 */
export function folderSaver(folder: string): io.IOHandler {
  return io.withSaveHandler(async (artifacts) => {
    if (artifacts.weightData === undefined || artifacts.weightSpecs === undefined) throw new Error('the model was saved without weights');
    const data = new Uint8Array(io.CompositeArrayBuffer.join(artifacts.weightData));
    const { weightData, weightSpecs: weights, ...rest } = artifacts;
    writeFileSync(join(folder, SHARD), data);
    writeFileSync(join(folder, MODEL), JSON.stringify({ ...rest, weightsManifest: [{ paths: [SHARD], weights }] }));
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON', weightDataBytes: data.byteLength } };
  });
}

/** What `folderSaver` wrote, as the artifacts `loadLayersModel(io.fromMemory(...))` takes, on any backend. */
export function readSaved(folder: string): io.ModelArtifacts {
  const { weightsManifest, ...rest } = JSON.parse(readFileSync(join(folder, MODEL), 'utf8')) as io.ModelJSON;
  const bytes = readFileSync(join(folder, SHARD));
  return {
    ...rest,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
  };
}
