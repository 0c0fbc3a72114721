import type { LayerRow } from '../row.ts';
import { activationOperations } from './activation.ts';
import { arithmetic } from './arithmetic.ts';
import { comparison } from './comparison.ts';
import { creation } from './creation.ts';
import { elementwise } from './elementwise.ts';
import { imageOperations } from './image.ts';
import { indexing } from './indexing.ts';
import { joining } from './joining.ts';
import { linear } from './linear.ts';
import { nnOperations } from './nn.ts';
import { normalizations } from './normalizing.ts';
import { rowOf } from './operation.ts';
import { paddingOperations } from './padding.ts';
import { reductions } from './reduction.ts';
import { refusedOperations } from './refused.ts';
import { shaping } from './shape.ts';
import { sorting } from './sorting.ts';
import { functionLayers, opLayer } from './tensorflow.ts';

/** Every operation that may stand in a graph between layers. */
export const operations = [
  ...arithmetic,
  ...elementwise,
  ...comparison,
  ...reductions,
  ...shaping,
  ...joining,
  ...indexing,
  ...paddingOperations,
  ...sorting,
  ...linear,
  ...activationOperations,
  ...nnOperations,
  ...normalizations,
  ...imageOperations,
  ...creation,
];

/** Their rows: Keras 3's nodes by class, and the layers into which Keras 2 wraps TensorFlow's. */
export const operationRows: readonly LayerRow[] = [
  ...operations.filter(({ keras }) => keras !== '').map(rowOf),
  ...functionLayers(operations),
  opLayer(operations),
];

/** Rows of the operations that Keras has and skipc refuses: they say so, and what to do. */
export const refusedRows: readonly LayerRow[] = refusedOperations;
