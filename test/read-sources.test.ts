import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ModelSource, readModel } from '../src/read/read.ts';

const model = { class_name: 'Sequential', config: [{ class_name: 'Dense', config: { name: 'd', batch_input_shape: [null, 4] } }] };
const text = JSON.stringify(model);
const folder = mkdtempSync(join(tmpdir(), 'skipc-sources-'));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const refusal = async (source: ModelSource): Promise<unknown> =>
  readModel(source).then(
    () => 'was not refused',
    (error: unknown) => error,
  );

describe('files', () => {
  test('are told apart by content, whatever their name', async () => {
    for (const path of [file('a.h5', text), file('b.keras', `\uFEFF \n${text}`), pathToFileURL(file('c', JSON.stringify(text)))]) {
      const read = await readModel(path);
      expect(read.graph.calls.map(({ id }) => id)).toEqual(['d@0']);
      expect(read.weights).toBeNull();
      expect(read.warnings).toEqual([]);
    }
  });

  test.each([
    ['file-damaged', 'PK\x03\x04rest'],
    ['file-damaged', new Uint8Array([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0])],
    ['file-empty', ''],
    ['file-empty', ' \n\t'],
    ['not-a-model', '<!DOCTYPE html>'],
    ['not-a-model', new Uint8Array([0x7b, 0xff, 0xfe, 0x00])],
    ['not-a-model', '{"a": 1}'],
    ['not-a-model', '[]'],
    ['nesting-too-deep', `${'['.repeat(600)}${']'.repeat(600)}`],
  ])('%s', async (code, content) => {
    const path = file('model.json', content);
    expect(await refusal(path)).toMatchObject({ code, location: { file: path } });
  });

  test.each([
    ['{"a": [1, 2,]}', 'line 1, column 13', '"]}"'],
    ['{"a": 1,\n "b": NaN}', 'line 2, column 7', '"NaN}"'],
    ['{"a": "x\ny"}', 'line 1, column 9', '""'],
    ['{"a": "\\x"}', 'line 1, column 8', '"\\\\x\\"}"'],
    ['{"a": 01}', 'line 1, column 8', '"1}"'],
    ["{'a': 1}", 'line 1, column 2', '"\'a\': 1}"'],
    ['{"a" 1}', 'line 1, column 6', '"1}"'],
    ['[1 2]', 'line 1, column 4', '"2]"'],
    ['{} x', 'line 1, column 4', '"x"'],
    ['{"a": [{}, [[', 'line 1, column 14', 'the end of the file'],
    [`["${'y'.repeat(5_000_000)}`, 'line 1, column 5000003', 'the end of the file'],
  ])('invalid JSON has a place: case %#', async (content, place, found) => {
    const path = file('broken.json', content);
    expect(await refusal(path)).toMatchObject({
      code: 'json-invalid',
      message: `not valid JSON at ${place}: found ${found}`,
      location: { file: path },
    });
  });

  test("Python's Infinity is a number", async () => {
    const clip = { class_name: 'ReLU', config: { name: 'a "Infinity" \\', max_value: 'LIMIT' } };
    const text = JSON.stringify({
      class_name: 'Sequential',
      config: [{ class_name: 'InputLayer', config: { batch_input_shape: [null, 2] } }, clip],
    });
    const { graph } = await readModel(file('python.json', text.replace('"LIMIT"', 'Infinity')));
    expect(graph.calls[0]?.layer).toMatchObject({ name: clip.config.name, config: { max_value: Number.POSITIVE_INFINITY } });
  });

  test('missing files and folders', async () => {
    expect(await refusal(join(folder, 'none.json'))).toMatchObject({ code: 'file-not-found' });
    expect(await refusal(folder)).toMatchObject({ code: 'file-unreadable', message: expect.stringContaining('it is a directory') });
    expect(await refusal('a\0b')).toMatchObject({ code: 'file-unreadable' });
    expect(await refusal(new URL('ftp://localhost/model.json'))).toMatchObject({ code: 'url-failed' });
  });
});

describe('the hash', () => {
  test('is of the topology alone, whatever the order of keys, the white space and the weights', async () => {
    const { hash } = await readModel(model);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    const reordered = { config: model.config, class_name: 'Sequential' };
    expect((await readModel(reordered)).hash).toBe(hash);
    expect((await readModel({ modelTopology: model, weightsManifest: [] })).hash).toBe(hash);
    expect((await readModel(file('spaced.json', JSON.stringify(model, null, 4)))).hash).toBe(hash);
    const changed = { class_name: 'Sequential', config: [{ class_name: 'Dense', config: { name: 'd', batch_input_shape: [null, 5] } }] };
    expect((await readModel(changed)).hash).not.toBe(hash);
  });
});

describe('URLs', () => {
  let server: Server;
  let base: string;
  const asked: string[] = [];
  const weightsManifest = [{ paths: ['./w%20x.bin', 'two.bin'], weights: [{ name: 'd/kernel', shape: [3], dtype: 'int32' }] }];

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const url = new URL(request.url ?? '', 'http://localhost');
      if (url.searchParams.get('key') !== '1') return response.writeHead(403).end();
      if (url.pathname === '/m/model.json') return response.end(JSON.stringify({ modelTopology: model, weightsManifest }));
      if (url.pathname === '/m/bare.json')
        return response.end(JSON.stringify({ modelTopology: model, weightsManifest: [{ ...weightsManifest[0], paths: ['gone.bin'] }] }));
      if (url.pathname === '/m/outside.json')
        return response.end(
          JSON.stringify({ modelTopology: model, weightsManifest: [{ ...weightsManifest[0], paths: ['%2e%2e/x.bin'] }] }),
        );
      if (url.pathname === '/m/w%20x.bin') return response.end(Buffer.from([1, 0, 0, 0, 2, 0, 0]));
      if (url.pathname === '/m/two.bin') return response.writeHead(200, { 'content-length': 5 }).end(Buffer.from([0, 3, 0, 0, 0]));
      if (url.pathname === '/m/page') return response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>');
      return response.writeHead(404).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((done) => server.close(done)));

  test('the model and, when asked for, its shards, with the query of the model', async () => {
    const url = `${base}/m/model.json?key=1`;
    const read = await readModel(url);
    expect(read.file).toBe(url);
    expect(asked.filter((line) => line.startsWith('GET'))).toEqual(['GET /m/model.json?key=1']);
    const bytes = await read.weights?.entries[0]?.read();
    expect([...(bytes ?? [])]).toEqual([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
    await read.weights?.entries[0]?.read();
    expect(asked.filter((line) => line.startsWith('GET'))).toHaveLength(3);
  });

  test('failures name the URL', async () => {
    expect(await refusal(`${base}/m/model.json`)).toMatchObject({
      code: 'url-failed',
      message: `cannot fetch ${base}/m/model.json: 403 Forbidden`,
    });
    expect(await refusal(`${base}/m/page?key=1`)).toMatchObject({ code: 'not-a-model', location: { file: `${base}/m/page?key=1` } });
    expect(await refusal('http://127.0.0.1:1/model.json')).toMatchObject({ code: 'url-failed' });
    expect(await refusal(`${base}/m/outside.json?key=1`)).toMatchObject({ code: 'weights-path' });
  });

  test('shards that are not there', async () => {
    const read = await readModel(new URL(`${base}/m/bare.json?key=1`));
    expect(read.weights).toBeNull();
    expect(read.warnings).toMatchObject([
      { code: 'weights-absent', message: `none of the weight files is there: "${base}/m/gone.bin?key=1"` },
    ]);
  });
});
