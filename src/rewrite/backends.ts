/** What is known of a backend of tfjs: everything that decides how a program is written for it stands here. */
export interface BackendTraits {
  readonly doc: string;
  /** The package that a module imports for its side effect; the others register what they need in `NAME.backend.ts`. */
  readonly import?: string;
  /**
   * True where a convolution or a matrix product adds the bias and applies the activation while its result is at hand. tfjs-node runs
   * three kernels instead, and holds all three results until the last is done; the plain JavaScript of cpu takes longer than the three.
   */
  readonly fusesFinish: boolean;
  /** True where the fused product takes many matrices by one, as those of a sequence whose sizes are unknown. */
  readonly fusesBatches: boolean;
  /** True where a reshape shares the data of its operand, and costs next to nothing. */
  readonly reshapesForFree: boolean;
  /**
   * What running one more kernel costs, as the number of elements that could be copied meanwhile: products of one operand become
   * one product, whose result is split, where that copies less. Measured, on two busy cores, as medians of alternating runs with and
   * without, in batches of 1 and 32: projections (64 to 512 wide, 16 to 128 steps), convolutions of one pixel (4 x 4 to 28 x 28), dense heads.
   * Of tfjs-node, three convolutions that copy up to 5 000 numbers take 0.6 to 0.85 of the time; products 0.55 to 0.9, but those that only
   * together are large enough for two threads up to 1.6 (0.95 to 1.05 in one thread); whole models 0.92 to 0.97. Of larger ones some are
   * slower in batches. On wasm, all but the smallest heads are slower (up to 2.6 times), and in batches some of these are too. The other
   * backends were not measured, and keep the products apart.
   */
  readonly kernelInElements: number;
}

/** Every backend a program can be written for. */
export const backendTraits = {
  core: {
    doc: 'any backend: registers none, and runs on whichever the application has chosen',
    fusesFinish: true,
    fusesBatches: false,
    reshapesForFree: true,
    kernelInElements: 0,
  },
  node: {
    doc: 'TensorFlow for Node',
    import: '@tensorflow/tfjs-node',
    fusesFinish: false,
    fusesBatches: false,
    reshapesForFree: false,
    kernelInElements: 2500,
  },
  wasm: {
    doc: 'WebAssembly, its convolutions by XNNPACK',
    fusesFinish: true,
    fusesBatches: false,
    reshapesForFree: true,
    kernelInElements: 0,
  },
  cpu: {
    doc: 'plain JavaScript',
    fusesFinish: false,
    fusesBatches: false,
    reshapesForFree: true,
    kernelInElements: 0,
  },
  webgl: {
    doc: 'the GPU, through WebGL',
    fusesFinish: true,
    fusesBatches: true,
    reshapesForFree: true,
    kernelInElements: 0,
  },
  webgpu: {
    doc: 'the GPU, through WebGPU',
    fusesFinish: true,
    fusesBatches: true,
    reshapesForFree: true,
    kernelInElements: 0,
  },
} as const satisfies Readonly<Record<string, BackendTraits>>;

export type Backend = keyof typeof backendTraits;
export const backends = Object.keys(backendTraits) as readonly Backend[];

export const traitsOf = (backend: Backend = 'core'): BackendTraits => backendTraits[backend];
