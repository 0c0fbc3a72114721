import type { io } from '@tensorflow/tfjs-core';

/** The dtypes of tfjs as TensorFlow calls them. */
export const DT = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' } as const;
export type GraphDType = keyof typeof DT;

/** An attribute of a node as protobuf's JSON form has it. */
export type NodeAttr =
  | { readonly type: string }
  | { readonly s: string }
  | { readonly i: string }
  | { readonly f: number }
  | { readonly b: boolean }
  | { readonly shape: { readonly dim: readonly { readonly size: string }[] } }
  | { readonly list: { readonly i?: readonly string[]; readonly s?: readonly string[] } };

/** A node of a TensorFlow graph. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Names of the nodes whose results it takes; `name:k` is the k-th result. */
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, NodeAttr>>;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

export const attr = {
  type: (dtype: GraphDType): NodeAttr => ({ type: DT[dtype] }),
  text: (text: string): NodeAttr => ({ s: base64(text) }),
  texts: (texts: readonly string[]): NodeAttr => ({ list: { s: texts.map(base64) } }),
  integer: (value: number): NodeAttr => ({ i: String(value) }),
  integers: (values: readonly number[]): NodeAttr => ({ list: { i: values.map(String) } }),
  number: (value: number): NodeAttr => ({ f: value }),
  flag: (value: boolean): NodeAttr => ({ b: value }),
  shape: (shape: readonly number[]): NodeAttr => ({ shape: { dim: shape.map((size) => ({ size: String(size) })) } }),
};

/** A graph as it grows, with the values of its constants. */
export class Graph {
  readonly nodes: GraphNode[] = [];
  readonly #specs: io.WeightsManifestEntry[] = [];
  readonly #bytes: Uint8Array[] = [];

  /** @returns the name by which other nodes take its first result */
  add(op: string, input: readonly string[], attrs: GraphNode['attr'] = {}): string {
    const name = `n${this.nodes.length}`;
    this.nodes.push({ name, op, input, attr: attrs });
    return name;
  }

  placeholder(shape: readonly number[], dtype: GraphDType): string {
    return this.add('Placeholder', [], { dtype: attr.type(dtype), shape: attr.shape(shape) });
  }

  constant(values: Float32Array | Int32Array | Uint8Array, shape: readonly number[], dtype: GraphDType): string {
    const name = this.add('Const', [], { dtype: attr.type(dtype), value: attr.shape(shape) });
    this.#specs.push({ name, shape: [...shape], dtype });
    this.#bytes.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return name;
  }

  /** Whole numbers that a node takes as a tensor: axes, sizes. */
  integers(values: readonly number[]): string {
    return this.constant(Int32Array.from(values), [values.length], 'int32');
  }

  integer(value: number): string {
    return this.constant(Int32Array.of(value), [], 'int32');
  }

  /** As tensorflowjs_converter writes it: topology, manifest and weights. */
  artifacts(): io.ModelArtifacts {
    const data = new Uint8Array(Buffer.concat(this.#bytes));
    return {
      format: 'graph-model',
      modelTopology: { node: this.nodes, library: {}, versions: { producer: 1482 } },
      weightSpecs: this.#specs,
      weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer,
    };
  }
}
