import { readdirSync, readFileSync } from 'node:fs';
import { compile } from '../../src/compile.ts';
import { type Case, Difference, type Suite } from './suite.ts';

interface Row {
  readonly file: string;
  readonly inputs: string;
  readonly outputs: string;
}

/** Topologies out of public repositories: each compiles for all of its outputs, or names a live layer that is not of Keras. */
export const wild: Suite = {
  name: 'wild',
  needs: 'wild/',
  cases(corpus) {
    const folder = new URL('wild/', corpus);
    const rows = new Map(manifest(folder).map((row) => [row.file, row]));
    const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
    return files.map((file) => caseOf(new URL(file, folder), file, rows.get(file)));
  },
};

/** The last part of a file name is that of the model; the same in `weights` and `golden`. */
export const modelName = (file: string): string =>
  file
    .replace(/\.json$/, '')
    .split('__')
    .at(-1) ?? file;

export function manifest(folder: URL): readonly Row[] {
  const [head = '', ...lines] = readFileSync(new URL('MANIFEST.tsv', folder), 'utf8').split('\n');
  const columns = head.split('\t');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const cells = line.split('\t');
      return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ''])) as unknown as Row;
    });
}

export function topologyOf(url: URL): unknown {
  let json: unknown = JSON.parse(readFileSync(url, 'utf8'));
  while (typeof json === 'string') json = JSON.parse(json);
  return json;
}

function caseOf(url: URL, file: string, row: Row | undefined): Case {
  return {
    name: modelName(file),
    get topology() {
      return topologyOf(url);
    },
    async run() {
      if (row === undefined) throw new Difference('the manifest does not list it');
      const { analysis } = await compile(url, { weights: 'none' });
      const { inputs, outputs } = analysis.model.graph;
      // The manifest counts none in a Sequential that is a bare list.
      const wrong = (stated: string, found: number): boolean => stated !== '' && stated !== String(found);
      if (wrong(row.inputs, inputs.length) || wrong(row.outputs, outputs.length))
        throw new Difference(
          `${inputs.length} inputs and ${outputs.length} outputs, where the manifest has ${row.inputs} and ${row.outputs}`,
        );
    },
  };
}
