import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Ajv, { type ValidateFunction } from 'ajv';
import { describe, expect, test } from 'vitest';
import { compile } from '../src/compile.ts';
import { toJson } from '../src/ir/json.ts';
import { layerCases, layerFamilies } from './golden.ts';
import { schemaFiles } from './schema-files.ts';

const FOLDER = fileURLToPath(new URL('../schemas/', import.meta.url));
const DIGITS = fileURLToPath(new URL('models/digits/model.json', import.meta.url));
const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const roundTrip = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

if (process.env['SKIPC_BLESS'] === '1') for (const { file, content } of schemaFiles) writeFileSync(join(FOLDER, file), pretty(content));

describe.each(schemaFiles)('schemas/$file', ({ file, content }) => {
  test('is what the declarations say; `npm run bless` writes it again', () => {
    expect(readFileSync(join(FOLDER, file), 'utf8')).toBe(pretty(content));
  });

  test('is a JSON Schema of draft 7', () => {
    const ajv = new Ajv.default({ strict: false });
    expect(ajv.validateSchema(content), ajv.errorsText()).toBe(true);
    expect(content).toHaveProperty('$schema', 'http://json-schema.org/draft-07/schema#');
    expect(content['$id']).toMatch(new RegExp(`/${file.replaceAll('.', '\\.')}$`));
    ajv.compile(content);
  });
});

test('there is no other file in schemas/', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(schemaFiles.map(({ file }) => file).sort());
});

/** A validator out of a schema file, as somebody else would use it. */
function validator(file: string): ValidateFunction {
  return new Ajv.default({ strict: false }).compile(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as object);
}

function accepts(check: ValidateFunction, value: unknown): void {
  check(value);
  expect(check.errors ?? []).toEqual([]);
}

describe('what skipc writes', () => {
  test('a summary', async () => {
    const check = validator('summary.schema.json');
    for (const options of [{}, { outputs: ['@0'] }, { hoist: '@0' }, { weights: 'none' as const }]) {
      const { summary } = await compile(DIGITS, options);
      accepts(check, roundTrip(summary));
      expect(check({ ...summary, layers: undefined })).toBe(false);
    }
  });

  test('the IR as JSON', async () => {
    const { analysis } = await compile(DIGITS);
    const [check, ofOp] = [validator('ir.schema.json'), validator('ops.schema.json')];
    for (const { program } of [{ program: analysis.lowered }, ...analysis.runs]) {
      const json = roundTrip(toJson(program)) as { ops: object[] };
      accepts(check, json);
      for (const op of json.ops) accepts(ofOp, op);
    }
    expect(check({ ...toJson(analysis.program), 'skipc-ir': 2 })).toBe(false);
    expect(ofOp({ op: 'matMul', attrs: { transposeA: 'yes' } })).toBe(false);
  });
});

describe('what skipc reads', () => {
  const digits = JSON.parse(readFileSync(DIGITS, 'utf8')) as { weightsManifest: unknown };
  test('the digits model', () => {
    accepts(validator('tfjs-model.schema.json'), digits);
    accepts(validator('weights-manifest.schema.json'), digits.weightsManifest);
  });

  test('every golden, its layers included', () => {
    const forms = { keras2: validator('keras2-topology.schema.json'), keras3: validator('keras3-topology.schema.json') };
    const layer = validator('layers.schema.json');
    for (const golden of layerFamilies().flatMap(layerCases)) {
      for (const form of ['keras2', 'keras3'] as const) {
        const model = golden[form] as { config: { layers: object[] } } | null;
        if (model === null) continue;
        accepts(forms[form], model);
        for (const entry of model.config.layers) accepts(layer, entry);
      }
    }
  });

  test('and not what is none', () => {
    expect(validator('keras2-topology.schema.json')({ class_name: 'Functional', config: { layers: [] } })).toBe(false);
    expect(validator('keras3-topology.schema.json')({ class_name: 'Functional' })).toBe(false);
    expect(validator('tfjs-model.schema.json')({ format: 'layers-model' })).toBe(false);
    expect(validator('layers.schema.json')({ class_name: 'Dense', config: { units: 0 } })).toBe(false);
  });
});
