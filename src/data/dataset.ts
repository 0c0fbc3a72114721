import type { NDArray } from '../runtime/evaluate/ndarray.ts';
import type { TensorInfo } from '../runtime/info.ts';

/** How data is read; all of it comes from the command's options, as it is written there. */
export interface DataOptions {
  /** Where the labels are: a column of the CSV, an array of the .npz, or a file (.npy, .csv, or a text of one label a line). */
  readonly labels?: string | undefined;
  /** The classes in the order of the model's units: `cat,dog`, or a file with one a line. */
  readonly classes?: string | undefined;
  /** Where the samples' weights are: as `labels`. */
  readonly sampleWeights?: string | undefined;
  /** As keras.layers.Rescaling, `x * rescale + offset`: a number, a fraction such as `1/255`, or one a channel: `1/58.4,1/57.1,1/57.4`. */
  readonly rescale?: string | undefined;
  readonly offset?: string | undefined;
  /** How images are resized, by the names of tf.image.resize; `bilinear` by default. */
  readonly resize?: string | undefined;
  /** `HEIGHT,WIDTH` of images where the model does not say it. */
  readonly imageSize?: string | undefined;
  /** As keras.utils.image_dataset_from_directory: cut what does not fit the aspect ratio, or add black borders, and do not distort. */
  readonly cropToAspectRatio?: boolean | undefined;
  readonly padToAspectRatio?: boolean | undefined;
}

/**
 * What an output's loss and metrics take: class indices, one number a class, one a unit that says yes or no, or the values themselves.
 */
export type LabelForm = 'sparse' | 'categorical' | 'binary' | 'values';

export interface WantedOutput {
  readonly key: string;
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly labels: LabelForm;
  /** A label that stands for no class and is left out by the loss (`ignore_class`). */
  readonly ignoredClass?: number | undefined;
}

/** What the program takes and what its labels have to look like. */
export interface Wanted {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly WantedOutput[];
}

/** Texts, in row-major order. */
export interface TextArray {
  readonly dtype: 'string';
  readonly shape: readonly number[];
  readonly data: readonly string[];
}

export interface Labels {
  /** By the keys of the outputs. */
  readonly ys: Readonly<Record<string, NDArray>>;
  /** Of all outputs, or by the keys of those that have some. */
  readonly sampleWeight?: NDArray | Readonly<Record<string, NDArray>>;
}

export interface Batch extends Labels {
  /** By the keys of the inputs. */
  readonly xs: Readonly<Record<string, NDArray | TextArray>>;
}

/** Labelled data, open: samples are read (images decoded) when they are asked for. */
export interface DataSet {
  /** How many samples it has: at least one. */
  readonly size: number;
  /**
   * What cached features may depend on: the SHA-256, in hex, of the inputs' content in its order and of how it is prepared; labels do not
   * count. Computed when it is first asked for, which reads all the data once.
   */
  readonly identity: string;
  /** The classes by their index, where the data or the options name them. */
  readonly classes: readonly string[] | null;
  /** What somebody should know about how the data was understood: which arrays were taken, what was left out. */
  readonly notes: readonly string[];
  /** What a person knows a sample by: its file; null where it has no other name than its number. */
  nameOf(sample: number): string | null;
  /** The samples `from` to `to - 1`. */
  batch(from: number, to: number): Promise<Batch>;
  /** The inputs of a batch alone. */
  inputs(from: number, to: number): Promise<Batch['xs']>;
  /** The labels and weights of a batch, without reading its inputs: all that is needed where their features are cached. */
  labels(from: number, to: number): Labels;
}
