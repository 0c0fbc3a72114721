import type { Estimate } from './statistics.ts';

/** How a peer did at one measurement. */
export type PeerResult =
  | { readonly peer: string; readonly outcome: 'timed'; readonly timing: Timing; readonly costs: Costs }
  /** Its values are not skipc's: how fast it is says nothing. */
  | { readonly peer: string; readonly outcome: 'differs'; readonly difference: number }
  | { readonly peer: string; readonly outcome: 'cannot'; readonly why: string };

export interface Timing {
  readonly ms: Estimate;
  /** Its time over skipc's, by rounds. */
  readonly ratio: Estimate;
  /** Half of the distance between the quartiles of its times, as a part of the median. */
  readonly spread: number;
  readonly rounds: number;
}

/** What one call costs beside time; null where tfjs cannot tell. */
export interface Costs {
  readonly kernels: number | null;
  /** The most bytes of tensors during a call, beside those that were there before. */
  readonly peakBytes: number | null;
}

/** One question at one batch size on one backend. */
export interface Measurement {
  readonly model: string;
  readonly question: string;
  readonly backend: string;
  readonly batch: number;
  readonly peers: readonly PeerResult[];
  readonly note: string | null;
}

/** What a model's start takes, with one peer, in a process of its own. */
export interface Start {
  readonly model: string;
  readonly question: string;
  readonly backend: string;
  readonly peer: string;
  /** Loading the weights. */
  readonly loadMs: number;
  /** The first call, at batch 1. */
  readonly firstCallMs: number;
}

/** What is known of a question without timing it. */
export interface Facts {
  readonly model: string;
  readonly question: string;
  readonly backend: string;
  readonly flops: { readonly kept: number; readonly of: number };
  readonly weightBytes: { readonly kept: number; readonly of: number } | null;
  /** The most bytes of tensors alive at once, for one sample, by the liveness of the emitted order; inputs and weights aside. Null where features are given. */
  readonly livenessBytes: number | null;
  /** What speed over tfjs-layers is to be reached. */
  readonly target: number | null;
}

/** What the validation of all images takes, as it is done after each epoch of training. */
export interface EpochTime {
  readonly model: string;
  readonly backend: string;
  readonly images: number;
  readonly batch: number;
  readonly way: string;
  readonly ms: Estimate;
  /** Its time over that of the first way, by rounds. */
  readonly ratio: Estimate;
}

/** A model of a chain of layers, compiled in a process of its own. */
export interface CompileTime {
  readonly what: string;
  readonly layers: number;
  /** Of the compilation alone. */
  readonly ms: number;
  /** Of the process, its start and the reading of the file included. */
  readonly processMs: number;
  readonly peakMegabytes: number;
}

/** What could not be measured, and the first line of the error. */
export interface Failure {
  readonly what: string;
  readonly error: string;
}

export interface BundleSize {
  readonly what: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly node: string;
  readonly platform: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly date: string;
}

/** All of a run. */
export interface Results {
  readonly machine: Machine;
  readonly facts: readonly Facts[];
  readonly measurements: readonly Measurement[];
  readonly starts: readonly Start[];
  readonly epochs: readonly EpochTime[];
  readonly compileTimes: readonly CompileTime[];
  readonly bundles: readonly BundleSize[];
  readonly failures: readonly Failure[];
}
