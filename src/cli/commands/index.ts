import type { Command } from 'commander';
import { compileCommand } from './compile.ts';
import { diffCommand } from './diff.ts';
import { evalCommand } from './eval.ts';
import { graphCommand } from './graph.ts';
import { inspectCommand } from './inspect.ts';
import { irCommand } from './ir.ts';
import { profileCommand } from './profile.ts';
import { verifyCommand } from './verify.ts';

/** Every command, in the order in which `--help` lists them. A declaration loads nothing but commander. */
export const commands: readonly ((program: Command) => void)[] = [
  compileCommand,
  irCommand,
  inspectCommand,
  diffCommand,
  verifyCommand,
  graphCommand,
  profileCommand,
  evalCommand,
];
