import type { LabelColumn } from './classes.ts';
import type { NumberColumn } from './column.ts';
import type { InputSource } from './input.ts';

/** What a source of data has for a program, each by the key of its input or output. */
export interface Found {
  readonly inputs: ReadonlyMap<string, InputSource>;
  readonly labels: ReadonlyMap<string, LabelColumn>;
  /** Of all outputs alike, or by output. */
  readonly weights: NumberColumn | ReadonlyMap<string, NumberColumn> | null;
  readonly notes: readonly string[];
  /** The file of each sample, where each is in one of its own. */
  readonly files?: readonly string[];
}

/** The usual names of data, the first that is there counts; names are compared without regard to case. */
export const USUAL_INPUTS = ['x', 'x_test', 'x_val', 'images', 'features', 'inputs'];
export const PARTNERS: ReadonlyMap<string, string> = new Map([
  ['x_test', 'y_test'],
  ['x_val', 'y_val'],
]);
export const USUAL_TARGETS = ['y', 'y_test', 'y_val', 'labels', 'label', 'targets', 'target'];
export const USUAL_WEIGHTS = ['sample_weight', 'sample_weights'];
/** Of columns that could be labels no more than one may be there. */
export const LABEL_COLUMNS = ['label', 'labels', 'class', 'target', 'y'];
