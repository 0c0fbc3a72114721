import { readFileSync, statSync } from 'node:fs';
import { fail, SkipcError } from '../diagnostics/error.ts';
import { parseJson } from '../read/json.ts';
import { instanceOf } from '../schema/validate.ts';
import { samplesIn } from './batches.ts';
import { type Evaluation, evaluationOf } from './evaluation.ts';
import { checkOf, type Part, partSchema } from './part.ts';

const MOST_BYTES = 2 ** 28;

interface ReadPart {
  readonly path: string;
  readonly part: Part;
}

/**
 * The evaluation that files of `--shard` are the parts of: the same numbers as of one run.
 * @throws SkipcError `part-invalid`, `parts-differ`, `part-twice`, `parts-missing`, and what reading files and JSON throws
 */
export function mergeParts(paths: readonly string[]): Evaluation {
  const [first, ...others] = paths.map(readPart) as [ReadPart, ...ReadPart[]];
  for (const other of others) checkSame(first, other);
  const { of } = first.part.shard;
  const byIndex = new Map<number, ReadPart>();
  for (const read of [first, ...others]) {
    const { index } = read.part.shard;
    const before = byIndex.get(index);
    if (before !== undefined) fail('part-twice', { shard: `${index}/${of}`, one: before.path, other: read.path });
    byIndex.set(index, read);
  }
  const missing = Array.from({ length: of }, (_, index) => index).filter((index) => !byIndex.has(index));
  if (missing.length > 0) fail('parts-missing', { missing: missing.map((index) => `${index}/${of}`), of });
  // In their order, whatever that of the files is.
  const parts = Array.from({ length: of }, (_, index) => (byIndex.get(index) as ReadPart).part);
  return evaluationOf(parts, first.path);
}

function readPart(path: string): ReadPart {
  const value = parseJson(textOf(path), path);
  const part = isDeep(value) ? null : instanceOf(partSchema, value);
  if (part === null) return fail('part-invalid', { path, why: 'it is not what skipc eval --shard writes' });
  const { check, ...rest } = value as Part;
  if (check !== checkOf(rest)) fail('part-invalid', { path, why: 'it was changed after it was written' });
  const { shard, batchSize, samples, data } = part;
  if (shard.index >= shard.of) fail('part-invalid', { path, why: `it says that it is part ${shard.index} of ${shard.of}, counted from 0` });
  const expected = samplesIn(data.samples, batchSize, shard);
  if (samples !== expected) fail('part-invalid', { path, why: `it has ${samples} samples, where its share is ${expected}` });
  return { path, part };
}

const DEEPEST = 64;

/** True for what is nested as no loss or metric is; copying it would run out of stack. */
function isDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= DEEPEST; depth++) {
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
    if (level.length === 0) return false;
  }
  return true;
}

function textOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return fail('file-not-found', { path });
  if (!found.isFile() || found.size > MOST_BYTES) return fail('part-invalid', { path, why: 'it is no file of JSON' });
  try {
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    if (error instanceof SkipcError) throw error;
    return fail('file-unreadable', { path, reason: (error as NodeJS.ErrnoException).code ?? String(error) });
  }
}

/** What parts of one evaluation have in common, as a message says it. The path of the data may differ: machines mount it where they like. */
const SAME: readonly (readonly [what: string, of: (part: Part) => unknown])[] = [
  ['model', ({ model }) => model.hash],
  ['program', ({ program }) => program.hash],
  ['weights', ({ weights }) => weights],
  ['losses and metrics', ({ heads, origin }) => [heads, origin]],
  ['data', ({ data }) => [data.identity, data.samples]],
  ['labels or sample weights', ({ data }) => data.labels],
  ['batch size', ({ batchSize }) => batchSize],
  ['number of parts', ({ shard }) => shard.of],
  ['backend', ({ backend }) => backend],
  ['version of skipc', ({ skipc }) => skipc],
];

function checkSame(one: ReadPart, other: ReadPart): void {
  for (const [what, of] of SAME) {
    if (JSON.stringify(of(one.part)) !== JSON.stringify(of(other.part))) fail('parts-differ', { one: one.path, other: other.path, what });
  }
}
