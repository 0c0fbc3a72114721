import { type Tensor, tensor, util } from '@tensorflow/tfjs-core';

type Hashable = string | number;

const hashablesOf = (x: Tensor): ArrayLike<Hashable> => x.dataSync() as unknown as ArrayLike<Hashable>;

const asUint64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** FarmHash's Fingerprint64, which tfjs has for its own string kernels. */
const fingerprint = (bytes: Uint8Array): bigint => BigInt(util.fingerPrint64(bytes).toString());

/** SipHash-2-4 under a key of two 64-bit numbers (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). */
function sipHash(bytes: Uint8Array, [k0, k1]: readonly [bigint, bigint]): bigint {
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const rotate = (value: bigint, by: bigint): bigint => asUint64(value << by) | (value >> (64n - by));
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v0 = asUint64(v0 + v1);
      v2 = asUint64(v2 + v3);
      v1 = rotate(v1, 13n) ^ v0;
      v3 = rotate(v3, 16n) ^ v2;
      v0 = rotate(v0, 32n);
      v2 = asUint64(v2 + v1);
      v0 = asUint64(v0 + v3);
      v1 = rotate(v1, 17n) ^ v2;
      v3 = rotate(v3, 21n) ^ v0;
      v2 = rotate(v2, 32n);
    }
  };
  // The last word holds the bytes that are left, and on top the length.
  const whole = bytes.length >> 3;
  for (let word = 0; word <= whole; word++) {
    let m = word === whole ? BigInt(bytes.length & 0xff) << 56n : 0n;
    bytes.subarray(8 * word, 8 * word + 8).forEach((byte, i) => {
      m |= BigInt(byte) << BigInt(8 * i);
    });
    v3 ^= m;
    rounds(2);
    v0 ^= m;
  }
  v2 ^= 0xffn;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}

/** A number as TensorFlow writes it before it hashes it: without its fraction; what no 64-bit integer holds is the least of them. */
const decimalText = (value: number): string => (Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : -(2n ** 63n)).toString();

/**
 * A bin (int32) for each element, by a hash of its text: FarmHash, or SipHash under a salt.
 * @param mask an element that goes to bin 0, which is then left for it alone
 */
export function hashBins(x: Tensor, bins: number, salt: readonly number[] | null, mask: Hashable | null): Tensor {
  const key: readonly [bigint, bigint] | null = salt && [asUint64(BigInt(salt[0] ?? 0)), asUint64(BigInt(salt[1] ?? 0))];
  const [first, among] = mask === null ? [0, BigInt(bins)] : [1, BigInt(bins - 1)];
  const bin = (value: Hashable): number => {
    if (value === mask) return 0;
    const bytes = util.encodeString(typeof value === 'string' ? value : decimalText(value));
    return first + Number((key === null ? fingerprint(bytes) : sipHash(bytes, key)) % among);
  };
  return tensor(Int32Array.from(hashablesOf(x), bin), x.shape, 'int32');
}

const shiftMix = (value: bigint): bigint => value ^ (value >> 47n);

/** What TensorFlow's sparse_cross begins with, and the multiplier of its FingerprintCat64. */
const CROSS_KEY = 0xdecafcaffen;
const CROSS_MULTIPLIER = 0xc6a4a7935bd1e995n;

/** A bin (int32) for what stands in the same place of several tensors of one shape, as TensorFlow's cross_hashed gives it. */
export function crossBins(tensors: readonly Tensor[], bins: number): Tensor {
  const columns = tensors.map(hashablesOf);
  const [first] = tensors;
  const times = (value: bigint): bigint => asUint64(value * CROSS_MULTIPLIER);
  const bin = (_: unknown, i: number): number => {
    const hash = columns.reduce((before, column) => {
      const value = column[i] ?? 0;
      const own = typeof value === 'string' ? fingerprint(util.encodeString(value)) : asUint64(BigInt(value));
      const joined = times(before ^ CROSS_MULTIPLIER ^ times(shiftMix(times(own))));
      return shiftMix(times(shiftMix(joined)));
    }, CROSS_KEY);
    return Number(hash % BigInt(bins));
  };
  return tensor(Int32Array.from(columns[0] ?? [], bin), first?.shape ?? [], 'int32');
}
