import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { heldValues, isText, needed } from './emit/members.ts';
import { planModule } from './emit/module.ts';
import { type StoredWeight, writeSafetensors } from './emit/safetensors.ts';
import { withScripts } from './instantiate.ts';
import type { Op, Program } from './ir/program.ts';
import { elements } from './ir/types.ts';
import { tfjsDType } from './ops/elementwise/cast.ts';

type Values = Float32Array | Int32Array | Uint8Array;

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** A value that the load stage leaves behind, ready to be stored under whatever name. */
export interface BakedWeight extends Omit<StoredWeight, 'name'> {
  readonly value: string;
}

/**
 * Runs a program's load stage.
 * @param live the program's variables, in its order
 * @returns what the other stages read, texts aside, in the order in which they do. What a variable holds as it is keeps its stored
 *   dtype; all else is float32, int32 or bool
 */
export async function bake(program: Program, live: readonly StoredWeight[]): Promise<readonly BakedWeight[]> {
  const stored = new Map(program.weights.map(({ name }, i) => [name, live[i] as StoredWeight]));
  const ops = new Map(program.ops.flatMap((op) => op.results.map(({ name }): [string, Op] => [name, op])));
  const held = heldValues(program)
    .filter((each) => !isText(each))
    .map(({ value, type }) => {
      const dtype = tfjsDType(type.dtype) as StoredWeight['dtype'];
      const weight = stored.get(source(value, ops));
      return { value, dtype, shape: type.shape.map(Number), weight: weight?.dtype === dtype ? weight : undefined };
    });
  const computed = held.filter(({ weight }) => weight === undefined).map(({ value }) => value);
  const values = computed.length === 0 ? new Map<string, Values>() : await run(program, computed, stored);
  return held.map(({ value, dtype, shape, weight }): BakedWeight => {
    if (weight !== undefined) return { value, shape, dtype, stored: weight.stored, bytes: weight.bytes };
    const array = values.get(value);
    if (array?.length !== elements(shape)) throw new Error(`${value} has ${array?.length} elements, expected [${shape}]`);
    // Some kernels of the cpu backend leave integers in an array of floats.
    const { buffer, byteOffset, byteLength } = array instanceof ARRAYS[dtype] ? array : ARRAYS[dtype].from(array);
    return { value, shape, dtype, stored: { dtype }, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
  });
}

/** The value whose elements another holds in the same order: its own, where it is not the reshape of one. */
function source(value: string, ops: ReadonlyMap<string, Op>): string {
  let name = value;
  for (let op = ops.get(name); op?.op === 'reshape'; op = ops.get(name)) name = op.operands[0] as string;
  return name;
}

const MAIN = `
import { parentPort, workerData } from 'node:worker_threads';
import { enableProdMode } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { load } from './module.mjs';
// Else tfjs recommends tfjs-node, on standard error.
enableProdMode();
const weights = await load(workerData);
const values = Object.entries(weights).map(([name, tensor]) => [name, tensor.dataSync()]);
parentPort.postMessage(new Map(values), [...new Set(values.map(([, { buffer }]) => buffer))]);
`;

/**
 * Computes values of the load stage as the module does, on the cpu backend, whose arithmetic is float64 rounded to float32. In a thread
 * of its own: there tfjs is another, and this one's goes on with the backend that it has.
 */
async function run(
  program: Program,
  values: readonly string[],
  stored: ReadonlyMap<string, StoredWeight>,
): Promise<ReadonlyMap<string, Values>> {
  const outputs = values.map((value) => ({ key: value, value }));
  const stage = { ...program, ...needed(program, values), inputs: [], outputs, cuts: [], features: null };
  const module = planModule(stage, { banner: [], info: {}, hash: '', weights: { from: 'caller' }, classes: new Map() });
  const weights = stage.weights.map(({ name }) => stored.get(name) as StoredWeight);
  const file = weights.length > 0 ? writeSafetensors(weights, {}).buffer : undefined;
  return withScripts({ 'module.mjs': module.write(), 'main.mjs': MAIN }, async (url) => {
    const worker = new Worker(url('main.mjs'), { workerData: file, transferList: file === undefined ? [] : [file], execArgv: [] });
    try {
      const [found] = (await Promise.race([once(worker, 'message'), ended(worker)])) as [ReadonlyMap<string, Values>];
      const names = new Map(module.members.map(({ value, name }) => [value, name]));
      return new Map(values.map((value) => [value, found.get(names.get(value) as string) as Values]));
    } finally {
      await worker.terminate();
    }
  });
}

async function ended(worker: Worker): Promise<never> {
  const [status] = (await once(worker, 'exit')) as [number];
  throw new Error(`the load stage ended with status ${status} and no result`);
}
