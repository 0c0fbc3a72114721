import type { Measured } from './measure.ts';
import type { Edge } from './picture.ts';

export type Point = readonly [x: number, y: number];

/** Where something stands, its top left corner and size. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedNode extends Place, Pick<Measured, 'lines' | 'foot'> {
  /** Its place among the nodes of the picture. */
  readonly node: number;
}

/** A line from one node to another, or to where it leaves a column. */
export interface PlacedEdge {
  readonly points: readonly Point[];
  readonly tone: Edge['tone'];
  readonly hasHead: boolean;
  /** The nodes that it stands between; of what leads out of a column, all that it leads to. */
  readonly from: number;
  readonly to: readonly number[];
}

export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  /** Nested models, the outer before the inner. */
  readonly groups: readonly (Place & { readonly name: string })[];
}
