import { configSchema } from '../src/config.ts';
import { evaluationSchema } from '../src/eval/evaluation.ts';
import { partSchema } from '../src/eval/part.ts';
import { programSchema } from '../src/ir/json.ts';
import { layerRows } from '../src/layers/index.ts';
import { opNames, opRow } from '../src/ops/index.ts';
import { profileSchema } from '../src/profile/report.ts';
import { keras2Topology, keras3Topology } from '../src/read/keras.ts';
import { modelJson, weightsManifest } from '../src/read/tfjs.ts';
import { diffSchema } from '../src/report/diff/schema.ts';
import { summarySchema } from '../src/report/summary.ts';
import type { Schema } from '../src/schema/build.ts';
import { verificationSchema } from '../src/verify/report.ts';

export interface SchemaFile {
  /** Its name in `schemas/`. */
  readonly file: string;
  readonly content: Readonly<Record<string, unknown>>;
}

function schemaFile(name: string, title: string, schema: Schema<unknown>): SchemaFile {
  const file = `${name}.schema.json`;
  const $id = `https://unpkg.com/skipc/schemas/${file}`;
  return { file, content: { $schema: 'http://json-schema.org/draft-07/schema#', $id, title, ...(published(schema) as object) } };
}

/** The schema for those who write such a file: what has a default may be left out. */
function published(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(published);
  if (typeof schema !== 'object' || schema === null) return schema;
  const properties = ('properties' in schema ? schema.properties : {}) as Readonly<Record<string, object>>;
  const mayBeLeftOut = (name: string): boolean => Object.hasOwn(properties[name] ?? {}, 'default');
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) =>
      keyword === 'required' && Array.isArray(value)
        ? [keyword, (value as readonly string[]).filter((name) => !mayBeLeftOut(name))]
        : [keyword, published(value)],
    ),
  );
}

/** An object whose property `of` is described by the definition that its property `by` names. */
function choice(by: string, of: string, definitions: readonly (readonly [string, Schema<unknown>])[]): Schema<unknown> {
  return {
    type: 'object',
    required: [by, of],
    properties: { [by]: { type: 'string' }, [of]: { type: 'object' } },
    allOf: definitions.map(([name]) => ({
      if: { properties: { [by]: { const: name } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { [of]: { $ref: `#/$defs/${name}` } } },
    })),
    $defs: Object.fromEntries(definitions),
  };
}

const layers = layerRows.flatMap(({ className, aliases = [], doc, config }): (readonly [string, Schema<unknown>])[] => [
  [className, { description: doc, ...config }],
  ...aliases.map((alias) => [alias, { $ref: `#/$defs/${className}` }] as const),
]);

const ops = opNames.map((name): readonly [string, Schema<unknown>] => {
  const row = opRow(name);
  if (row === undefined) throw new Error(`no row of ${name}`);
  return [name, { description: row.doc, ...row.attrs }];
});

const byName = (a: readonly [string, unknown], b: readonly [string, unknown]): number => (a[0] < b[0] ? -1 : 1);

/** Every file in `schemas/`. */
export const schemaFiles: readonly SchemaFile[] = [
  schemaFile('tfjs-model', 'TensorFlow.js model.json of a layers-model', modelJson),
  schemaFile('weights-manifest', 'The weightsManifest of a TensorFlow.js model.json', weightsManifest),
  schemaFile('keras2-topology', 'Keras 2 model, as to_json() writes it', keras2Topology),
  schemaFile('keras3-topology', 'Keras 3 model, as to_json() writes it', keras3Topology),
  schemaFile('layers', 'A layer that skipc compiles, and its config', choice('class_name', 'config', layers.toSorted(byName))),
  schemaFile('ops', 'An op of the IR, and its attributes', choice('op', 'attrs', ops.toSorted(byName))),
  schemaFile('ir', 'A program, as `skipc ir --json` prints it', programSchema),
  schemaFile('config', 'What `skipc compile --config` takes', configSchema),
  schemaFile('evaluation', 'What `skipc eval --json` prints', evaluationSchema),
  schemaFile('evaluation-part', 'What `skipc eval --shard` writes', partSchema),
  schemaFile('profile', 'What `skipc profile --json` prints', profileSchema),
  schemaFile('verification', 'What `skipc verify --json` prints', verificationSchema),
  schemaFile('diff', 'What `skipc diff --json` prints', diffSchema),
  schemaFile('summary', 'What `skipc compile --json` prints', summarySchema),
];
