import type { io, Tensor } from '@tensorflow/tfjs-core';
import type { Body, BodyOp, Op, Program } from '../../../src/ir/program.ts';
import { Concrete } from '../straight/concrete.ts';
import type { Fixed } from '../straight/line.ts';
import { addNodes, graphDType } from './node-table.ts';
import { attr, Graph, type GraphDType } from './nodes.ts';

export interface Converted {
  readonly artifacts: io.ModelArtifacts;
  /** Names of the placeholders, by the names of the inputs in the program. */
  readonly placeholders: ReadonlyMap<string, string>;
  /** Names of the nodes that give the outputs, in their order. */
  readonly outputs: readonly string[];
}

/**
 * A program as a TensorFlow graph in the format of tensorflowjs_converter, for batches of one size. Loops are unrolled, as Keras does with
 * `unroll=True`: a graph with loops in it runs asynchronously only.
 * @param ops what is converted: the whole evaluation, or the suffix
 * @param given what the graph takes
 * @param fixed what is constant
 * @throws CannotRun where there is no node for an op
 */
export function convert(program: Program, ops: readonly Op[], given: readonly string[], fixed: Fixed, batch: number): Converted {
  const converter = new Converter(new Concrete(program, batch), fixed);
  const placeholders = new Map(given.map((name) => [name, converter.placeholder(name)]));
  for (const op of ops) converter.op(op);
  const outputs = program.outputs.map(({ value }) => converter.output(value));
  return { artifacts: converter.graph.artifacts(), placeholders, outputs };
}

class Converter {
  readonly graph = new Graph();
  readonly #concrete: Concrete;
  readonly #fixed: Fixed;
  readonly #names = new Map<string, string>();

  constructor(concrete: Concrete, fixed: Fixed) {
    this.#concrete = concrete;
    this.#fixed = fixed;
  }

  placeholder(name: string): string {
    const type = this.#concrete.typeOf(name);
    const node = this.graph.placeholder(type.shape, graphDType(type));
    this.#names.set(name, node);
    return node;
  }

  op(op: Op): void {
    if (op.body === undefined) this.#plain(op);
    else this.#loop(op, op.body);
  }

  /** A node of its own for each output: two may be one value, or an input. */
  output(name: string): string {
    return this.graph.add('Identity', [this.#nodeOf(name)]);
  }

  #nodeOf(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const tensor = this.#fixed.get(name);
    if (tensor === undefined) throw new Error(`no value ${name}`);
    const node = this.graph.constant(tensor.dataSync() as Float32Array, tensor.shape, tensor.dtype as GraphDType);
    this.#names.set(name, node);
    return node;
  }

  #plain(op: BodyOp): void {
    const inputs = op.operands.map((name) => this.#nodeOf(name));
    const results = addNodes(this.#concrete.op(op), inputs, this.graph);
    for (const [i, { name }] of op.results.entries()) this.#names.set(name, results[i] as string);
  }

  #loop(op: Op, body: Body): void {
    const [sequences, carried] = [op.attrs['sequences'] as number, op.attrs['carried'] as number];
    const steps = this.#concrete.typeOf(op.operands[0] as string).shape[1] ?? 0;
    const order = Array.from({ length: steps }, (_, i) => (op.attrs['reverse'] === true ? steps - 1 - i : i));
    const apart = op.operands
      .slice(0, sequences)
      .map((name) => this.graph.add('Unpack', [this.#nodeOf(name)], { axis: attr.integer(1), num: attr.integer(steps) }));
    let state = op.operands.slice(sequences, sequences + carried).map((name) => this.#nodeOf(name));
    const collected = op.results.slice(carried).map(() => new Array<string>(steps));
    for (const step of order) {
      for (const [i, { name }] of body.params.entries()) {
        const slice = step === 0 ? apart[i] : `${apart[i]}:${step}`;
        this.#names.set(name, (i < sequences ? slice : state[i - sequences]) as string);
      }
      for (const inner of body.ops) this.#plain(inner);
      const yields = body.yields.map((name) => this.#nodeOf(name));
      state = yields.slice(0, carried);
      for (const [i, list] of collected.entries()) list[step] = yields[carried + i] as string;
    }
    for (const [i, { name }] of op.results.entries()) {
      const stacked = () => this.graph.add('Pack', collected[i - carried] as string[], { axis: attr.integer(1), N: attr.integer(steps) });
      this.#names.set(name, i < carried ? (state[i] as string) : stacked());
    }
  }
}

/** What a graph is fed with. */
export const feed = (placeholders: Converted['placeholders'], tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
  Object.fromEntries([...placeholders].map(([name, node]) => [node, tensors[name] as Tensor]));
