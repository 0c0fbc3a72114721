import type { Body, BodyOp, Op } from '../ir/program.ts';
import { bytes, type TensorType } from '../ir/types.ts';
import { opRow } from '../ops/index.ts';

/** Ops that run one after the other. Whatever they read that is neither theirs nor lent is alive before and behind them. */
export interface Line {
  readonly ops: readonly Op[];
  /** Tensors that are there at the start and are disposed at their last use. */
  readonly lent: readonly string[];
  /** Tensors that are needed behind the line. */
  readonly kept: ReadonlySet<string>;
  readonly typeOf: (name: string) => TensorType;
}

/** The data of one tensor and of all that share it. */
export interface Buffer {
  readonly bytes: number;
  /** The place of the op that makes it, -1 where it is there at the start. */
  readonly maker: number;
  /** The places of the ops that read it, each once, in order; it is freed behind the last of them that runs. */
  readonly users: readonly number[];
  /** True where it outlives the line. */
  readonly kept: boolean;
}

/** What a line of ops needs of memory, in whichever order they run; ops by their places in the line. */
export interface Storage {
  readonly buffers: readonly Buffer[];
  /** The buffers that each op makes, by their numbers. */
  readonly makes: readonly (readonly number[])[];
  /** The buffers that each op reads, each once. */
  readonly uses: readonly (readonly number[])[];
  /** The ops that each op needs the results of, each once. */
  readonly before: readonly (readonly number[])[];
  /** The ops that need the results of each op. */
  readonly after: readonly (readonly number[])[];
  /** Bytes that each op holds while it runs, beside operands and results. */
  readonly scratch: readonly number[];
}

/**
 * The buffers of a line. A reshape makes none: tfjs counts the references to its operand's data. Sizes are those of one sample,
 * unknown ones counting as one.
 */
export function storageOf({ ops, lent, kept, typeOf }: Line): Storage {
  const buffers: { bytes: number; maker: number; users: number[]; kept: boolean }[] = [];
  const bufferOf = new Map<string, number>();
  const makerOf = new Map<string, number>();
  const add = (name: string, maker: number): number => {
    const number = buffers.push({ bytes: bytes(typeOf(name)), maker, users: [], kept: false }) - 1;
    bufferOf.set(name, number);
    return number;
  };
  for (const name of lent) if (!bufferOf.has(name)) add(name, -1);
  const after: number[][] = ops.map(() => []);
  const [makes, uses, before]: number[][][] = [[], [], []];
  ops.forEach((op, place) => {
    const read = [...new Set(op.operands.flatMap((name) => bufferOf.get(name) ?? []))];
    for (const number of read) buffers[number]?.users.push(place);
    uses?.push(read);
    const needed = [...new Set(op.operands.flatMap((name) => makerOf.get(name) ?? []))];
    for (const maker of needed) after[maker]?.push(place);
    before?.push(needed);
    const [source = ''] = op.operands;
    const made: number[] = [];
    for (const { name } of op.results) {
      makerOf.set(name, place);
      if (!sharesData(op)) made.push(add(name, place));
      else if (bufferOf.has(source)) bufferOf.set(name, bufferOf.get(source) as number);
    }
    makes?.push(made);
  });
  for (const name of kept) {
    const buffer = buffers[bufferOf.get(name) ?? -1];
    if (buffer !== undefined) buffer.kept = true;
  }
  const scratch = ops.map((op) => (op.body === undefined ? 0 : loopScratch(op, op.body, typeOf)));
  return { buffers, makes: makes ?? [], uses: uses ?? [], before: before ?? [], after, scratch };
}

/** True where an op only puts another shape on the data of its first operand. */
const sharesData = (op: BodyOp): boolean => opRow(op.op)?.kernels.every((kernel) => kernel === 'Reshape') === true;

/**
 * What a loop holds beside its operands and results: at first all slices of its sequences, in the end all that was collected step by
 * step, which is there twice while it is put together, and the most that one step holds.
 */
function loopScratch(op: Op, body: Body, typeOf: Line['typeOf']): number {
  const sum = (names: readonly string[]): number => names.reduce((total, name) => total + bytes(typeOf(name)), 0);
  const [sequences, carried] = [Number(op.attrs['sequences']), Number(op.attrs['carried'])];
  const state = body.params.slice(sequences).map(({ name }) => name);
  const ops = body.ops.map((inner): Op => ({ ...inner, stage: op.stage }));
  const step = peakOf(storageOf({ ops, lent: state, kept: new Set(body.yields), typeOf }));
  const results = op.results.map(({ name }) => name);
  const collected = results.slice(carried).map((name) => sum([name]));
  const collections = collected.reduce((total, size) => total + size, 0);
  const running = Math.max(sum(op.operands.slice(0, sequences)), collections) + step;
  const stacking = sum(results.slice(0, carried)) + collections + collected.reduce((most, size) => Math.max(most, size), 0);
  return Math.max(0, Math.max(running, stacking) - sum(results));
}

/** The bytes of what is there at the start. */
export const startBytes = ({ buffers }: Storage): number => buffers.reduce((sum, { maker, bytes }) => sum + (maker < 0 ? bytes : 0), 0);

/** The bytes of what an op makes. */
export const madeBytes = ({ buffers, makes }: Storage, op: number): number =>
  (makes[op] as readonly number[]).reduce((sum, number) => sum + (buffers[number] as Buffer).bytes, 0);

/** Runs ops one by one and keeps count of the bytes that are alive. */
export class MemoryCount {
  /** Bytes alive behind the last op that ran. */
  now: number;
  readonly #storage: Storage;
  readonly #pending: Int32Array;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.now = startBytes(storage);
    this.#pending = Int32Array.from(storage.buffers, ({ users }) => users.length);
  }

  /** How many more bytes would be alive behind an op than before it. */
  change(op: number): number {
    const { buffers, makes, uses } = this.#storage;
    let change = 0;
    for (const number of makes[op] as readonly number[]) {
      const { bytes, users, kept } = buffers[number] as Buffer;
      if (kept || users.length > 0) change += bytes;
    }
    for (const number of uses[op] as readonly number[]) {
      const { bytes, kept } = buffers[number] as Buffer;
      if (!kept && this.#pending[number] === 1) change -= bytes;
    }
    return change;
  }

  /** Runs an op; returns the bytes alive while it ran. */
  run(op: number): number {
    const during = this.now + madeBytes(this.#storage, op) + (this.#storage.scratch[op] as number);
    this.now += this.change(op);
    for (const number of this.#storage.uses[op] as readonly number[]) this.#pending[number] = (this.#pending[number] as number) - 1;
    return during;
  }

  /**
   * Takes back ops that ran last.
   * @param now the bytes that were alive before them
   */
  undo(ops: readonly number[], now: number): void {
    this.now = now;
    for (const number of ops.flatMap((op) => this.#storage.uses[op] as readonly number[])) {
      this.#pending[number] = (this.#pending[number] as number) + 1;
    }
  }
}

/** The most bytes that an order of the ops holds at once; by default the order of the line. */
export function peakOf(storage: Storage, order: Iterable<number> = storage.before.keys()): number {
  const count = new MemoryCount(storage);
  let peak = count.now;
  for (const op of order) peak = Math.max(peak, count.run(op));
  return peak;
}

/** What no order can do without: the most that one op holds by itself. */
export function lowestPeak(storage: Storage): number {
  return storage.uses.reduce((most, used, op) => {
    const read = used.reduce((sum, number) => sum + (storage.buffers[number] as Buffer).bytes, 0);
    return Math.max(most, read + madeBytes(storage, op) + (storage.scratch[op] as number));
  }, 0);
}
