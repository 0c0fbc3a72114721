/**
 * What a plug-in is written with: rows of layers, by the interface of the built-in ones. `import { layer, object } from 'skipc/plugin'`,
 * and export the rows as default, one or an array.
 */
export type { Value } from './ir/program.ts';
export type { Dim, DType, Shape, TensorType } from './ir/types.ts';
export { activate, activationConfig } from './layers/activations/activate.ts';
export {
  type Child,
  type ChildArguments,
  type LayerRow,
  type Lowering,
  layer,
  type Scanned,
  type ScanOperands,
  type Step,
} from './layers/row.ts';
export type { Arg, Origin } from './model/graph.ts';
export type { AttrsGiven, OpName } from './ops/index.ts';
export {
  anything,
  array,
  boolean,
  either,
  integer,
  nullable,
  number,
  object,
  oneOf,
  optional,
  record,
  type Schema,
  string,
  withDefault,
} from './schema/build.ts';
