import type { Origin } from '../model/graph.ts';

/**
 * True where a model is of a Keras release before `major.minor`. One that does not say its release is of the newest of its major
 * version; what tfjs-layers wrote is older than any.
 */
export function isBefore({ keras, writer, version }: Origin, major: number, minor: number): boolean {
  if (keras !== major || writer === 'tfjs-layers') return keras < major || writer === 'tfjs-layers';
  const [, found] = /^\d+\.(\d+)/.exec(version ?? '') ?? [];
  return found !== undefined && Number(found) < minor;
}
