import type { Program } from '../ir/program.ts';
import type { Hoist } from './hoist.ts';

export interface PassOptions {
  readonly hoist: Hoist;
}

/** A rewrite of the whole program that keeps the values of its outputs. */
export interface Pass {
  readonly name: string;
  /** One line for `--help` and the table of passes. */
  readonly purpose: string;
  /** Returns the very program it was given where there is nothing to do. */
  run(program: Program, options: PassOptions): Program;
}
