/** Backends of tfjs that run in Node, the fastest first. */
export const backendChoices = ['node', 'wasm', 'cpu'] as const;
export type BackendChoice = (typeof backendChoices)[number];
