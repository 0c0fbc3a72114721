/** skipc: compiles a Keras / TensorFlow.js model, for chosen outputs, to a TypeScript module that calls tfjs ops directly. */
export { type Compiled, type CompileOptions, compile } from './compile.ts';
export type { Config } from './config.ts';
export type { Location } from './diagnostics/error.ts';
export { SkipcError } from './diagnostics/error.ts';
export type { Instance } from './instantiate.ts';
export type { Summary } from './report/summary.ts';
export type { Backend } from './rewrite/backends.ts';
