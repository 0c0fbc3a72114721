import { writeSync } from 'node:fs';
import { DiskFeatureCache } from '../src/evaluate/disk.ts';
import { shardFeatures, shardKey } from './feature-shards.ts';

/** A process that keeps features, batch after batch, and says so: FOLDER COUNT SALT MAX_BYTES. What is there already it does not write. */
const [folder = '', count, salt, maxBytes] = process.argv.slice(2);
const problems = (message: string): void => void writeSync(1, `problem ${message}\n`);
const cache = new DiskFeatureCache(folder, { maxBytes: maxBytes === undefined ? undefined : Number(maxBytes), onProblem: problems });
writeSync(1, 'ready\n');
for (let i = 0; i < Number(count); i++) {
  const kept = await cache.read(shardKey(i));
  // A writer with a salt writes all the same: two of them meet.
  if (kept !== null && Number(salt) === 0) continue;
  await cache.write(shardKey(i), shardFeatures(i, Number(salt)));
  writeSync(1, `wrote ${i}\n`);
}
