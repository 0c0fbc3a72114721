import { constant } from './constant.ts';
import { scan } from './control/scan.ts';
import { binaryOps } from './elementwise/binary.ts';
import { cast } from './elementwise/cast.ts';
import { where } from './elementwise/select.ts';
import { unaryOps } from './elementwise/unary.ts';
import { resizeOps } from './image/resize.ts';
import { conv2d, conv3d, depthwiseConv2d } from './linear/convolution.ts';
import { matMul } from './linear/matmul.ts';
import { poolOps } from './pooling/pool.ts';
import { argOps } from './reduce/arg.ts';
import { cumulativeOps } from './reduce/cumulative.ts';
import { reduceOps } from './reduce/reduce.ts';
import { topK } from './reduce/top-k.ts';
import type { OpRow } from './row.ts';
import { concat } from './shape/concat.ts';
import { fill } from './shape/fill.ts';
import { gather } from './shape/gather.ts';
import { oneHot } from './shape/one-hot.ts';
import { pad } from './shape/pad.ts';
import { reshape } from './shape/reshape.ts';
import { reverse } from './shape/reverse.ts';
import { shapeOf } from './shape/shape-of.ts';
import { slice } from './shape/slice.ts';
import { split } from './shape/split.ts';
import { stridedSlice } from './shape/strided-slice.ts';
import { tile } from './shape/tile.ts';
import { transpose } from './shape/transpose.ts';
import { unfold } from './shape/unfold.ts';
import { melBands, waves } from './signal/spectrum.ts';
import { crossHash, hash } from './text/hash.ts';
import { countAlong, lookup, wordsAt } from './text/lookup.ts';
import { strings } from './text/strings.ts';
import { nGrams, splitTexts, standardize } from './text/text.ts';

/** Every op a program may hold, by the name the IR prints. */
export const ops = {
  constant,
  ...unaryOps,
  ...binaryOps,
  cast,
  where,
  ...reduceOps,
  ...argOps,
  ...cumulativeOps,
  topK,
  matMul,
  conv2d,
  conv3d,
  depthwiseConv2d,
  ...poolOps,
  ...resizeOps,
  concat,
  fill,
  gather,
  oneHot,
  pad,
  reshape,
  reverse,
  shapeOf,
  slice,
  split,
  stridedSlice,
  tile,
  transpose,
  unfold,
  strings,
  lookup,
  wordsAt,
  countAlong,
  standardize,
  splitTexts,
  nGrams,
  hash,
  crossHash,
  waves,
  melBands,
  scan,
} as const;

export type OpName = keyof typeof ops;
export type AttrsOf<N extends OpName> = (typeof ops)[N] extends OpRow<infer A> ? A : never;

/** The attributes of an op as they may be given: those that have a default may be left out. */
export type AttrsGiven<N extends OpName> = AttrsOf<N> extends infer A ? WithOptionalDefaults<A> : never;
type Defaulted = 'transposeA' | 'transposeB' | 'keepDims' | 'alignCorners' | 'dilations' | 'exclusive' | 'reverse' | 'activation' | 'alpha';
type WithOptionalDefaults<A> = Omit<A, Defaulted> & Partial<Pick<A, Extract<keyof A, Defaulted>>>;

const rows = new Map<string, OpRow<unknown>>(Object.entries(ops) as [string, OpRow<unknown>][]);

/** The row of an op, or undefined where there is none of that name. */
export const opRow = (name: string): OpRow<unknown> | undefined => rows.get(name);

export const opNames = [...rows.keys()] as readonly OpName[];
