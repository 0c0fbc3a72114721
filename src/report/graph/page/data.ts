/** What the page is given beside its drawings, as JSON. */
export interface PageData {
  readonly drawings: readonly DrawingData[];
  readonly layers: readonly LayerData[];
  /** Longest first; empty where nothing was measured. */
  readonly times: readonly TimeData[];
}

export interface DrawingData {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly NodeData[];
}

export interface NodeData {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly tone: string;
  /** What it is where it is no layer's box: an input or output, in words. */
  readonly title: string;
  /** Places of its layers among all. */
  readonly layers: readonly number[];
  readonly flops: number;
  readonly parameters: number;
  readonly milliseconds: number | null;
  /** Places of the nodes before and behind it. */
  readonly before: readonly number[];
  readonly behind: readonly number[];
  readonly repeats: number;
}

export interface LayerData {
  readonly path: string;
  readonly className: string;
  readonly tone: string;
  readonly told: readonly string[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly weights: readonly { readonly name: string; readonly type: string; readonly isFrozen: boolean }[];
  readonly flops: number;
  readonly parameters: number;
  /** Lines of JSON. */
  readonly config: readonly string[];
  readonly code: readonly string[];
  readonly ir: readonly string[];
  readonly time: TimeData | null;
}

export interface TimeData {
  readonly layer: number;
  readonly milliseconds: number | null;
  readonly peerMilliseconds: number | null;
  readonly kernels: readonly { readonly name: string; readonly milliseconds: number; readonly calls: number }[];
}
