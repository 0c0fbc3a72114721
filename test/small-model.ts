import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Small models of Dense layers for tests, with a second way to compute them: plain loops in float64. */

export interface SmallWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

type Activation = 'linear' | 'relu' | 'tanh';

const ACTIVATIONS: Readonly<Record<Activation, (x: number) => number>> = { linear: (x) => x, relu: (x) => Math.max(0, x), tanh: Math.tanh };

interface Dense {
  readonly name: string;
  readonly from: string;
  readonly units: number;
  readonly activation: Activation;
}

export interface DenseOptions {
  readonly activation?: Activation;
  readonly trainable?: boolean;
}

/** A functional model as Keras 3 writes it, made layer by layer. */
export class SmallModel {
  readonly name: string;
  readonly #layers: object[] = [];
  readonly #inputs: string[] = [];
  readonly #dense: Dense[] = [];
  readonly #sizes = new Map<string, number>();
  readonly #outputs: string[] = [];

  constructor(name = 'small') {
    this.name = name;
  }

  input(name: string, size: number): this {
    const config = { name, batch_shape: [null, size], dtype: 'float32' };
    this.#layers.push({ class_name: 'InputLayer', name, config, inbound_nodes: [] });
    this.#inputs.push(name);
    this.#sizes.set(name, size);
    return this;
  }

  dense(name: string, from: string, units: number, { activation = 'linear', trainable = true }: DenseOptions = {}): this {
    this.#dense.push({ name, from, units, activation });
    return this.layer('Dense', name, from, { units, activation, trainable }, units);
  }

  /** Any other layer of one input; `evaluate` knows Dense alone. */
  layer(className: string, name: string, from: string, config: object = {}, size = this.#size(from)): this {
    this.#layers.push({
      class_name: className,
      name,
      config: { name, ...config },
      inbound_nodes: [{ args: [tensor(from, this.#size(from))], kwargs: {} }],
    });
    this.#sizes.set(name, size);
    return this;
  }

  output(...names: readonly string[]): this {
    this.#outputs.push(...names);
    return this;
  }

  #size(name: string): number {
    const size = this.#sizes.get(name);
    if (size === undefined) throw new Error(`no layer ${JSON.stringify(name)}`);
    return size;
  }

  get topology(): object {
    const endpoints = (names: readonly string[]) => names.map((name) => [name, 0, 0]);
    return {
      class_name: 'Functional',
      config: { name: this.name, layers: this.#layers, input_layers: endpoints(this.#inputs), output_layers: endpoints(this.#outputs) },
      keras_version: '3.15.0',
    };
  }

  /** Kernels and biases whose values follow from where they stand. */
  get weights(): readonly SmallWeight[] {
    return this.#dense.flatMap(({ name, from, units }, i) => {
      const inner = this.#size(from);
      const values = (length: number, phase: number) =>
        Float32Array.from({ length }, (_, k) => Math.sin(1 + i + k * phase) / Math.sqrt(inner));
      return [
        { name: `${name}/kernel`, shape: [inner, units], values: values(inner * units, 0.7) },
        { name: `${name}/bias`, shape: [units], values: values(units, 1.3) },
      ];
    });
  }

  /** tfjs `io.ModelArtifacts`. */
  get artifacts(): object {
    const weightSpecs = this.weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
    const data = Buffer.concat(this.weights.map(({ values }) => Buffer.from(values.buffer)));
    return { format: 'layers-model', modelTopology: this.topology, weightSpecs, weightData: Uint8Array.from(data).buffer };
  }

  /** What each layer gives for one sample of each input. */
  evaluate(inputs: Readonly<Record<string, readonly number[]>>): ReadonlyMap<string, readonly number[]> {
    const values = new Map<string, readonly number[]>(Object.entries(inputs));
    const weights = this.weights;
    this.#dense.forEach(({ name, from, units, activation }, i) => {
      const x = values.get(from) ?? [];
      const [kernel, bias] = [weights[2 * i]?.values ?? [], weights[2 * i + 1]?.values ?? []];
      const unit = (j: number): number => x.reduce((sum, value, k) => sum + value * (kernel[k * units + j] ?? 0), bias[j] ?? 0);
      values.set(
        name,
        Array.from({ length: units }, (_, j) => ACTIVATIONS[activation](unit(j))),
      );
    });
    return values;
  }

  /** Writes `model.json` with a shard for each layer, `<number>.bin` in the order of the layers. Returns the path of the JSON. */
  save(folder: string): string {
    mkdirSync(folder, { recursive: true });
    const layers = this.#dense.map((_, i) => this.weights.slice(2 * i, 2 * i + 2));
    const weightsManifest = layers.map((weights, i) => ({
      paths: [`${i}.bin`],
      weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
    }));
    layers.forEach((weights, i) => {
      writeFileSync(join(folder, `${i}.bin`), Buffer.concat(weights.map(({ values }) => Buffer.from(values.buffer))));
    });
    const path = join(folder, 'model.json');
    writeFileSync(path, JSON.stringify({ format: 'layers-model', modelTopology: this.topology, weightsManifest }));
    return path;
  }
}

const tensor = (layer: string, size: number): object => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, size], dtype: 'float32', keras_history: [layer, 0, 0] },
});

/** Two heads over a common stem: `aux` behind `mixed0` and `aux_hidden`, `head` behind `mixed0`. */
export function twoHeads({ frozen = false }: { readonly frozen?: boolean } = {}): SmallModel {
  return new SmallModel('two_heads')
    .input('image', 4)
    .dense('stem', 'image', 8, { activation: 'relu', trainable: !frozen })
    .dense('mixed0', 'stem', 6, { activation: 'relu', trainable: !frozen })
    .dense('aux_hidden', 'mixed0', 5, { activation: 'tanh' })
    .dense('aux', 'aux_hidden', 3)
    .dense('head', 'mixed0', 2)
    .output('aux', 'head');
}
