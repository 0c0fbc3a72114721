import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type BackendName, useBackend } from '../backends.ts';
import { frugallyDeep } from './frugally-deep.ts';
import { kerasCases } from './keras-cases.ts';
import { kerasjs } from './kerasjs.ts';
import { report } from './report.ts';
import type { Suite } from './suite.ts';
import { tfjsCases } from './tfjs-cases.ts';
import { judge, type Verdict } from './verdict.ts';
import { weights } from './weights.ts';
import { wild } from './wild.ts';

const USAGE = `usage: npm run corpus -- FOLDER [--backend cpu|wasm|node] [--only NAME]...
Compiles and runs models that other people published, and compares what they give with what is known of them.
--only keeps the suites and cases whose name (suite/case) contains NAME.`;

const SUITES: readonly Suite[] = [wild, weights, kerasjs, tfjsCases, kerasCases, frugallyDeep];
const BACKENDS: ReadonlyMap<string, BackendName> = new Map([
  ['cpu', 'cpu'],
  ['wasm', 'wasm'],
  ['node', 'tensorflow'],
]);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { backend: { type: 'string', default: 'wasm' }, only: { type: 'string', multiple: true }, help: { type: 'boolean' } },
  });
  const [folder, ...others] = positionals;
  const backend = BACKENDS.get(values.backend);
  if (values.help || folder === undefined || others.length > 0 || backend === undefined) {
    process.stderr.write(`${USAGE}\n`);
    return values.help ? 0 : 2;
  }
  const corpus = pathToFileURL(`${resolve(folder)}/`);
  const suites = SUITES.filter(({ needs }) => existsSync(new URL(needs, corpus)));
  if (suites.length === 0) {
    process.stderr.write(`${folder} holds none of ${SUITES.map(({ needs }) => needs).join(', ')}\n`);
    return 2;
  }
  await useBackend(backend);
  const verdicts: Verdict[] = [];
  for (const suite of suites) verdicts.push(...(await runSuite(suite, corpus, values.only ?? [])));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  process.stdout.write(`${report(verdicts)}\n`);
  return verdicts.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

async function runSuite({ name, cases }: Suite, corpus: URL, only: readonly string[]): Promise<readonly Verdict[]> {
  const wanted = cases(corpus).filter((one) => only.length === 0 || only.some((part) => `${name}/${one.name}`.includes(part)));
  const verdicts: Verdict[] = [];
  for (const one of wanted) {
    const label = `${name} ${verdicts.length + 1}/${wanted.length} ${one.name}`;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${label}`);
    else if (verdicts.length % 50 === 0) process.stderr.write(`${label}\n`);
    verdicts.push(await judge(name, one));
  }
  return verdicts;
}

process.exitCode = await main();
