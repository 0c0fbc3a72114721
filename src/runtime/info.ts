/** A tensor of the program: `?` and names behind it are sizes that are known when it runs; equal names are equal sizes. */
export interface TensorInfo {
  readonly key: string;
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

/** Per sample: floating-point operations of one evaluation, and what it reads. */
export interface Cost {
  readonly layers: number;
  readonly parameters: number;
  readonly flops: number;
}

export interface Info {
  readonly skipc: string;
  readonly model: { readonly name: string; readonly hash: string };
  readonly program: string;
  readonly inputs: readonly TensorInfo[];
  readonly features: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** What the model's outputs cost and what this program does; `uncounted` layers of the model are missing in the first. */
  readonly cost: { readonly before: Cost; readonly after: Cost; readonly uncounted: number };
}
