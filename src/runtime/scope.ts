import { type NamedTensorMap, type Tensor, tidy } from '@tensorflow/tfjs-core';

/** Runs work in one scope: every tensor it makes and does not return is disposed, also when it throws. */
export function scoped<T extends object>(work: () => T): T {
  return tidy(() => work() as T & NamedTensorMap);
}

/** Refuses weights that are not there, or are freed: the error of an op that meets them would name neither. */
export function checkWeights(w: Readonly<Record<string, Tensor>>): void {
  for (const name in w) if (w[name]?.isDisposed) throw new Error(`weight "${name}" is disposed: load() again`);
}

/** Computes weights from variables; variables that are not among them are disposed, and all of them when it throws. */
export function settle<T extends object>(variables: Readonly<Record<string, Tensor>>, work: () => T): T {
  const kept = new Set<unknown>();
  try {
    const weights = scoped(work);
    for (const tensor of Object.values(weights)) kept.add(tensor);
    return weights;
  } finally {
    for (const tensor of Object.values(variables)) if (!kept.has(tensor)) tensor.dispose();
  }
}
