import type { Compared } from '../diff.ts';
import { modelOf, readModel } from '../read/read.ts';
import { openBytes } from '../read/source.ts';
import { dumpOf, readDump } from './dump.ts';

/**
 * Reads a model or a dump, told apart by content.
 * @param path `-` is standard input
 * @param file what messages and reports call it
 * @throws SkipcError where it is neither
 */
export async function readCompared(path: string, weightsFrom?: string, file = path): Promise<Compared> {
  if (path === '-') return fromStandardInput(weightsFrom);
  const program = readDump(path);
  return program === null ? { file, model: await readModel(path), weightsFrom } : { file, program };
}

async function fromStandardInput(weightsFrom: string | undefined): Promise<Compared> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  const bytes = Buffer.concat(chunks);
  const program = dumpOf(bytes, '-');
  return program === null ? { file: '-', model: await modelOf(openBytes(bytes, '-', null)), weightsFrom } : { file: '-', program };
}

/** True where values are at hand, and where the file names those that are not. */
export const shouldHaveValues = (side: Compared): boolean =>
  'model' in side
    ? side.model.weights !== null || side.weightsFrom !== undefined || side.model.warnings.some(({ code }) => code === 'weights-absent')
    : side.program.weights.some(({ hash }) => hash !== undefined);
