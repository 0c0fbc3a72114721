import { readdirSync, readFileSync } from 'node:fs';
import { compile } from '../../src/compile.ts';
import { compare } from './compare.ts';
import { runModule } from './run-module.ts';
import { Difference, type Suite } from './suite.ts';

interface Stored {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}

interface TfjsCase {
  readonly model: object;
  readonly weights: readonly (Stored & { readonly name: string })[];
  readonly inputs: readonly Stored[];
  readonly output_index: number;
  readonly expected: Stored;
  readonly epsilon: number;
}

/** Models recorded from the tests of tfjs-layers. */
export const tfjsCases: Suite = {
  name: 'tfjs-cases',
  needs: 'tfjs-cases/',
  cases(corpus) {
    const folder = new URL('tfjs-cases/', corpus);
    return readdirSync(folder).map((file) => {
      const load = (): TfjsCase => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as TfjsCase;
      return {
        name: file.replace(/\.json$/, ''),
        get topology() {
          return load().model;
        },
        run: () => run(load()),
      };
    });
  },
};

async function run({ model, weights, inputs, output_index: index, expected, epsilon }: TfjsCase): Promise<void> {
  const compiled = await compile(model);
  const given = inputs.map(({ shape, dtype, data }) => ({ shape, dtype, values: data }));
  const variables = new Map(weights.map(({ name, shape, dtype, data }) => [name, { shape, dtype, values: data }]));
  const output = (await runModule(compiled, variables, given))[index];
  if (output === undefined) throw new Difference(`there is no output ${index}`);
  compare(`output ${index}`, output, { shape: expected.shape, values: expected.data }, () => epsilon);
}
