import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { toJavaScript } from '../../../src/emit/javascript.ts';
import { liveWeights } from '../../../src/emit/weights.ts';
import type { Program } from '../../../src/ir/program.ts';
import type { WeightIndex } from '../../../src/read/weights/index.ts';
import { CannotRun } from '../peers/peer.ts';
import { kernelDialect } from './dialects.ts';
import { type Dialect, type Line, writeLine } from './writer.ts';

type LineFunction = (...tensors: Tensor[]) => Tensor[];

/** Values of a program that depend on its weights alone, by name; the weights that are used as they are among them. */
export type Fixed = ReadonlyMap<string, Tensor>;

/** The function that a line is the text of. */
function compiledLine({ takes, statements, returns, held }: Line): LineFunction {
  const names = [...held.keys()];
  const text = `const line = (${takes.join(', ')}) => {\n${statements.join('\n')}\nreturn [${returns.join(', ')}];\n};`;
  // Only what is named is taken out of tfjs, as an import does it.
  const words = new Set(text.match(/[A-Za-z_][A-Za-z0-9_]*/g));
  const functions = Object.entries({ ...tf, tfImage: tf.image, run: tf.engine().runKernel.bind(tf.engine()) }).filter(([name]) =>
    words.has(name),
  );
  const make = new Function(...functions.map(([name]) => name), ...names, `${toJavaScript(text)}\nreturn line;`);
  return make(...functions.map(([, value]) => value), ...held.values()) as LineFunction;
}

/** The weights of a program out of the model's, and what is computed from them alone. */
export async function fixedValues(program: Program, index: WeightIndex): Promise<Fixed> {
  const stored = await liveWeights(program, index);
  const variables = program.weights.map((weight, i) => {
    const { shape, dtype, stored: lies, bytes } = stored[i] as (typeof stored)[number];
    if (lies.dtype !== dtype || dtype === 'bool') throw new CannotRun(`the weight ${weight.name} is stored as ${lies.dtype}`);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    return tf.tensor(dtype === 'float32' ? new Float32Array(buffer) : new Int32Array(buffer), [...shape], dtype);
  });
  const names = program.weights.map(({ name }) => name);
  const ops = program.ops.filter(({ stage }) => stage === 'load');
  const used = new Set([
    ...program.ops.filter(({ stage }) => stage !== 'load').flatMap(({ operands }) => operands),
    ...program.outputs.map(({ value }) => value),
  ]);
  const kept = [...names, ...ops.flatMap(({ results }) => results.map(({ name }) => name))].filter((name) => used.has(name));
  const line = writeLine(
    program,
    ops,
    names,
    kept.map((value) => ({ key: value, value })),
    1,
    kernelDialect,
  );
  const values = compiledLine(line)(...variables);
  tf.dispose(variables);
  return new Map(kept.map((name, i) => [name, name.startsWith('@') ? (values[i] as Tensor) : withOwnData(values[i] as Tensor)]));
}

/** The tensor with data of its own: wasm's fused kernels take a bias by the shape that its data had when it was made, before any reshape. */
function withOwnData(tensor: Tensor): Tensor {
  const copy = tf.tensor(tensor.dataSync(), tensor.shape, tensor.dtype);
  tensor.dispose();
  return copy;
}

/**
 * The evaluation of a program as a function of its inputs (or, of the suffix alone, of its features), by their names in the program.
 * @param fixed what `fixedValues` gave
 */
export function straightLine(
  program: Program,
  fixed: Fixed,
  suffix: boolean,
  batch: number,
  dialect: Dialect,
): (inputs: NamedTensorMap) => Tensor[] {
  const ops = program.ops.filter(({ stage }) => stage === 'suffix' || (stage === 'prefix' && !suffix));
  const given = suffix ? (program.features ?? []).map(({ value }) => value) : program.inputs.map(({ name }) => name);
  const line = writeLine(program, ops, [...given, ...fixed.keys()], program.outputs, batch, dialect);
  const run = compiledLine(line);
  const weights = [...fixed.values()];
  return (inputs) => run(...given.map((name) => inputs[name] as Tensor), ...weights);
}
