import { createHash, type Hash } from 'node:crypto';

const CHUNK = 1 << 16;

/** First 16 hex digits of the SHA-256 of a topology, whatever the order of its keys and the white space of its file. */
export function topologyHash(topology: unknown): string {
  const hash = createHash('sha256');
  const rest = write(topology, '', hash);
  return hash.update(rest).digest('hex').slice(0, 16);
}

/** Appends the canonical JSON of a value to `text`, handing full chunks to the hash; gives what is left. Depth is bounded by then. */
function write(value: unknown, text: string, hash: Hash): string {
  let pending = text;
  if (pending.length > CHUNK) {
    hash.update(pending);
    pending = '';
  }
  if (Array.isArray(value)) {
    pending += '[';
    value.forEach((item, i) => {
      pending = write(item ?? null, i > 0 ? `${pending},` : pending, hash);
    });
    return `${pending}]`;
  }
  if (typeof value === 'object' && value !== null) {
    pending += '{';
    let first = true;
    for (const key of Object.keys(value).sort()) {
      const item = (value as Readonly<Record<string, unknown>>)[key];
      if (item === undefined) continue;
      pending = write(item, `${pending}${first ? '' : ','}${JSON.stringify(key)}:`, hash);
      first = false;
    }
    return `${pending}}`;
  }
  return pending + (JSON.stringify(value) ?? 'null');
}
