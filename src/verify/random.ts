/** Numbers that follow from a seed and a name alone: the same case is the same on every machine. */
export interface Random {
  /** In [0, 1). */
  uniform(): number;
  /** Of mean 0 and variance 1. */
  normal(): number;
  /** A whole number from 0 to `below` - 1. */
  integer(below: number): number;
}

/**
 * The generator of a name under a seed: mulberry32 (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c), begun at the
 * FNV-1a hash of both; normal numbers by Box and Muller.
 */
export function randomOf(seed: number, name: string): Random {
  let state = fnv1a(`${seed} ${name}`);
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    integer: (below) => Math.floor(uniform() * below),
  };
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
