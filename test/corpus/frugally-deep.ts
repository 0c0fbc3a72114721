import { readdirSync, readFileSync } from 'node:fs';
import { compile } from '../../src/compile.ts';
import { compare, LAYER } from './compare.ts';
import { runModule, type Values } from './run-module.ts';
import { Difference, type Suite } from './suite.ts';

interface Stored {
  readonly name: string;
  readonly shape: readonly number[];
  /** Base64 of float32, little-endian. */
  readonly data: string;
}

interface Golden {
  readonly inputs: readonly Stored[];
  readonly outputs: readonly Stored[];
}

/** Models made by frugally-deep's generator, with values of Keras 3. */
export const frugallyDeep: Suite = {
  name: 'frugally-deep',
  needs: 'frugally-deep/',
  cases(corpus) {
    const folder = new URL('frugally-deep/', corpus);
    const files = readdirSync(folder).filter((file) => file.endsWith('.keras'));
    return files.map((file) => ({ name: file.replace(/\.keras$/, ''), run: () => run(folder, file) }));
  },
};

async function run(folder: URL, file: string): Promise<void> {
  const golden = JSON.parse(readFileSync(new URL(file.replace(/\.keras$/, '.golden.json'), folder), 'utf8')) as Golden;
  const compiled = await compile(new URL(file, folder));
  const given = golden.inputs.map((stored) => ({ name: stored.name, ...arrayOf(stored) }));
  const outputs = await runModule(compiled, null, given);
  const faults = golden.outputs.flatMap((stored, i) => faultOf(i, outputs[i], arrayOf(stored)));
  if (faults.length > 0)
    throw new Difference(`${faults.length} of ${golden.outputs.length} outputs differ: ${faults.slice(0, 8).join('; ')}`);
}

function faultOf(i: number, actual: Values | undefined, expected: Values): readonly string[] {
  try {
    if (actual === undefined) throw new Difference(`output ${i} is missing`);
    compare(`output ${i}`, actual, expected, LAYER);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

function arrayOf({ shape, data }: Stored): Values {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return { shape, values: new Float32Array(bytes.buffer) };
}
