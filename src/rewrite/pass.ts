import type { Program } from '../ir/program.ts';
import type { Backend } from './backends.ts';
import type { Hoist } from './hoist.ts';

/** A rewrite that looked as if it fitted, and why it was not made. */
export interface RefusedRewrite {
  readonly rule: string;
  /** The result of the op at which the rule looked. */
  readonly value: string;
  readonly why: string;
}

/** A rewrite that was made. */
export interface AppliedRewrite {
  readonly rule: string;
  /** The result of the op at which the rule looked, and the layers that this came from. */
  readonly value: string;
  readonly layers: readonly string[];
  /** What gives that result now; null where this came with an earlier rewrite. */
  readonly made: { readonly value: string; readonly layers: readonly string[] } | null;
}

export interface PassOptions {
  readonly hoist: Hoist;
  /** The backend that the program is to run on; by default any. */
  readonly backend?: Backend | undefined;
  /** Where refusals are noted, for whoever asks for them. */
  readonly refusals?: RefusedRewrite[] | undefined;
  /** Likewise what was rewritten. */
  readonly applied?: AppliedRewrite[] | undefined;
}

/** A rewrite of the whole program that keeps the values of its outputs. */
export interface Pass {
  readonly name: string;
  /** One line for `--help` and the table of passes. */
  readonly purpose: string;
  /** The local rewrites that the pass is made of, where it is. */
  readonly rules?: readonly { readonly name: string; readonly equation: string }[];
  /** Returns the very program it was given where there is nothing to do. */
  run(program: Program, options: PassOptions): Program;
}
