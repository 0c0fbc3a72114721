import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Diff } from '../src/report/diff/schema.ts';
import { type BuiltCli, buildCli, type Ended, scratchFolder } from './built-cli.ts';
import { SmallModel, twoHeads } from './small-model.ts';

let cli: BuiltCli;
let here: string;

beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli?.dispose());
beforeEach(() => {
  here = scratchFolder('diff');
  return () => rmSync(here, { recursive: true, force: true });
});

const run = (...args: readonly string[]): Promise<Ended> => cli.run(args, { cwd: here });
const at = (...path: readonly string[]): string => join(here, ...path);
const save = (name: string, content: unknown): void =>
  writeFileSync(at(name), typeof content === 'string' ? content : JSON.stringify(content));
const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));
// biome-ignore lint/suspicious/noControlCharactersInRegex: the point of the test
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202e]/;

/** A chain of layers of four numbers, numbered as Keras does. */
function chain(length: number, more: { readonly at: number; readonly kind: string } | null = null): object {
  const model = new SmallModel('chain').input('x', 4);
  const counts = new Map<string, number>();
  let last = 'x';
  const add = (kind: string, config: object): void => {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const name = `${kind.toLowerCase()}_${count}`;
    model.layer(kind, name, last, config, 4);
    last = name;
  };
  for (let i = 0; i < length; i++) {
    if (i === more?.at) add(more.kind, { units: 4 });
    add(i % 2 === 0 ? 'Dense' : 'ReLU', i % 2 === 0 ? { units: 4 } : {});
  }
  return model.output(last).topology;
}

describe('skipc diff', () => {
  it('prints nothing for a model and itself', async () => {
    twoHeads().save(at('m'));
    save('topology.json', twoHeads().topology);
    expect(await run('diff', 'm/model.json', 'm/model.json')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await run('diff', 'topology.json', 'topology.json', '--markdown')).toEqual({ status: 0, stdout: '', stderr: '' });
    const { status, stdout } = await run('diff', 'topology.json', 'topology.json', '--json');
    expect([status, (JSON.parse(stdout) as Diff).same]).toEqual([0, true]);
  });

  it('says that values were not compared where one side lacks them, and that is no difference', async () => {
    twoHeads().save(at('m'));
    save('topology.json', twoHeads().topology);
    const { status, stdout, stderr } = await run('diff', 'm/model.json', 'topology.json');
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^note: values of weights were not compared: topology.json came without\n$/);
  });

  it('says so, too, where the shards of both are missing, or belong to another model', async () => {
    twoHeads().save(at('m'));
    const model = JSON.parse(readFileSync(at('m/model.json'), 'utf8'));
    save('alone.json', model);
    const alone = await run('diff', 'alone.json', 'alone.json');
    expect([alone.status, alone.stdout]).toEqual([0, '']);
    expect(alone.stderr).toMatch(/^note: values of weights were not compared: alone.json came without\n$/);
    const [{ weights }] = model.weightsManifest;
    weights[0].name = 'another/kernel';
    save('m/renamed.json', model);
    const other = await run('diff', 'm/model.json', 'm/renamed.json');
    expect([other.status, other.stdout]).toEqual([0, '']);
    expect(other.stderr).toMatch(/^note: values of weights were not compared: the weights are not those of the/);
  });

  it('shows one insertion in a chain whose later layers have other names then', async () => {
    save('a.json', chain(300));
    save('b.json', chain(300, { at: 151, kind: 'Dense' }));
    const { status, stdout, stderr } = await run('diff', 'a.json', 'b.json');
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/^chain {2}a\.json -> b\.json\nlayers\n {2}\+ dense_\d+ Dense between \w+ and \w+\n/);
    expect(stdout).toMatch(/= \d+ layers renamed: dense_\d+ -> dense_\d+/);
    expect(stdout.match(/^ {2}[+~-] /gm)).toHaveLength(1);
    expect(stdout).toContain('layers');
    expect(stdout).toMatch(/parameters +3 k +3\.02 k +\+20 +\+0\.7 %/);
    expect(stdout).toContain('verdict: unchanged');
    expect(widest(stdout)).toBeLessThanOrEqual(80);
    expect(stdout).not.toContain('\u001b');
  });

  it('with --verbose lists everything', async () => {
    save('a.json', chain(60));
    save('b.json', chain(60, { at: 1, kind: 'Dense' }));
    const brief = await run('diff', 'a.json', 'b.json');
    const full = await run('diff', 'a.json', 'b.json', '--verbose');
    expect(brief.stdout).toContain('more');
    expect(full.stdout).not.toContain('more');
    expect(full.stdout).toContain('dense_30 -> dense_31');
  });

  it('tells what breaks callers', async () => {
    const head = (units: number) => new SmallModel('net').input('x', 4).dense('aux', 'x', units).output('aux').topology;
    save('a.json', head(10));
    save('b.json', head(12));
    const { status, stdout } = await run('diff', 'a.json', 'b.json');
    expect(status).toBe(1);
    expect(stdout).toContain('  ~ output aux: [?,10] -> [?,12]: breaking (another size)\n');
    expect(stdout).toContain('verdict: breaking, callers have to be changed: output aux\n');
    const { stdout: markdown } = await run('diff', 'a.json', 'b.json', '--markdown');
    expect(markdown).toContain('| output | `aux`: `[?,10]` -> `[?,12]` | **breaking** | another size |');
  });

  it('shows hostile names without what they would do', async () => {
    const evil = `e\u001b[31m\u202e\u200b\n\r| \`</details> ${'long '.repeat(40)}`;
    const model = (units: number) =>
      new SmallModel(evil).input(`${evil}x`, 4).dense(evil, `${evil}x`, units).dense(`${evil}2`, evil, units).output(`${evil}2`);
    save('a.json', model(3).topology);
    save('b.json', model(4).topology);
    for (const more of [[], ['--markdown'], ['--verbose'], ['--ops']]) {
      const { status, stdout, stderr } = await run('diff', 'a.json', 'b.json', ...more);
      expect([more, status]).toEqual([more, 1]);
      expect((stdout + stderr).replaceAll('\n', '')).not.toMatch(CONTROL);
      expect(stdout).not.toContain('\u200b');
      if (more.length === 0 || more[0] === '--ops') expect(widest(stdout)).toBeLessThanOrEqual(80);
    }
    const names = ['__proto__', 'constructor', 'toString'];
    const odd = (units: number) =>
      names.reduce((m, name, i) => m.dense(name, names[i - 1] ?? 'x', units), new SmallModel('__proto__').input('x', 4)).output('toString');
    save('a.json', odd(3).topology);
    save('b.json', odd(4).topology);
    expect((await run('diff', 'a.json', 'b.json')).stdout).toContain('~ __proto__ Dense: units 3 -> 4');
  });

  it('compares dumps, also with models, and what comes in', async () => {
    twoHeads().save(at('m'));
    const dump = (await run('ir', 'm/model.json', '--hash-weights')).stdout;
    save('a.ir', dump);
    save('b.ir', dump.replace(/sha256=[0-9a-f]{4}/, 'sha256=0000').replace(' = tanh ', ' = elu '));
    expect(await run('diff', 'a.ir', 'a.ir')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await run('diff', 'a.ir', 'm/model.json')).toEqual({ status: 0, stdout: '', stderr: '' });
    const { status, stdout } = await run('diff', 'a.ir', 'b.ir');
    expect(status).toBe(1);
    expect(stdout).toContain('values of 1 of 10 variables changed');
    expect(stdout).toMatch(/1 op replaced by 1 between aux_hidden\.sum and aux\n {4}- aux_hidden tanh\n {4}\+ aux_hidden elu\n/);
    expect(await cli.run(['diff', '-', 'b.ir'], { cwd: here, stdin: dump })).toMatchObject({ status: 1, stderr: '' });
    const json = (await run('ir', 'm/model.json', '--json', '--output', 'aux', '--hoist', 'mixed0')).stdout;
    save('aux.json', json);
    expect(await run('diff', 'm/model.json', 'aux.json')).toMatchObject({ status: 0, stdout: '' });
    const model = readFileSync(at('m/model.json'), 'utf8');
    expect(await cli.run(['diff', 'm/model.json', '-'], { cwd: here, stdin: model })).toMatchObject({ status: 0, stdout: '' });
  });

  it('takes weights from other files', async () => {
    twoHeads().save(at('m'));
    twoHeads().save(at('n'));
    const bytes = readFileSync(at('n/0.bin'));
    bytes.writeFloatLE(9, 0);
    writeFileSync(at('n/0.bin'), bytes);
    save('topology.json', twoHeads().topology);
    const files = ['topology.json', 'topology.json', '--weights-a', 'm/model.json', '--weights-b'];
    expect(await run('diff', ...files, 'm/model.json')).toEqual({ status: 0, stdout: '', stderr: '' });
    const { status, stdout } = await run('diff', ...files, 'n/model.json');
    expect(status).toBe(1);
    expect(stdout).toMatch(/values of 1 of 10 variables changed\n.*\n {4}stem\/kernel +\d/);
  });

  it.each<[string, readonly string[], string]>([
    ['one file', ['a.json'], 'diff-arguments'],
    ['three files', ['a.json', 'a.json', 'a.json'], 'diff-arguments'],
    ['a file that is not there', ['a.json', 'none.json'], 'file-not-found'],
    ['a file that is no model', ['a.json', 'package.json'], 'not-a-model'],
    ['a dump that is broken', ['a.json', 'broken.ir'], 'ir-syntax'],
    ['an output that is not there', ['a.json', 'a.json', '--output', 'nope'], 'name-unknown'],
    ['two forms at once', ['a.json', 'a.json', '--json', '--markdown'], 'options-conflict'],
    ['two inputs at once', ['-', '-'], 'options-conflict'],
    ['a choice among dumps', ['a.ir', 'a.ir', '--output', 'x'], 'options-conflict'],
    ['weights for a dump', ['a.ir', 'a.json', '--weights-a', 'a.json'], 'options-conflict'],
    ['arguments that git does not give', ['--git', 'a', 'b'], 'git-arguments'],
  ])('refuses %s', async (_, args, code) => {
    save('a.json', chain(2));
    save('package.json', { name: 'x' });
    save('broken.ir', 'skipc-ir 1\nnothing\n');
    save('a.ir', 'skipc-ir 1\nprogram x of "x"\n\ninput  %x: f32[?,4]\n\noutput x = %x\n');
    const { status, stdout, stderr } = await run('diff', ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`[${code}]`);
  });
});

describe('skipc ir', () => {
  it('reads no shard, and says nothing of them, unless it is asked for hashes', async () => {
    twoHeads().save(at('m'));
    const found = [await run('ir', 'm/model.json'), await run('ir', 'm/model.json', '--json')];
    for (let i = 0; i < 5; i++) rmSync(at(`m/${i}.bin`));
    expect([await run('ir', 'm/model.json'), await run('ir', 'm/model.json', '--json')]).toEqual(found);
    expect(found[0]).toMatchObject({ status: 0, stderr: '' });
    expect(found[0]?.stdout).not.toContain('sha256');
    expect(await run('ir', 'm/model.json', '--hash-weights')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('[no-weights-there]'),
    });
  });

  it('with --hash-weights tells values apart, and not how they are stored', async () => {
    const weights = { a: [0.5, -2, 3, 0.25], b: [1, 2, 3, 4] };
    const saved = (name: string, stored: 'float32' | 'float16', values: readonly number[]) => {
      mkdirSync(at(name));
      const bytes =
        stored === 'float32' ? Buffer.from(Float32Array.from(values).buffer) : Buffer.from(Uint16Array.from(values, halfBits).buffer);
      writeFileSync(at(name, 'w.bin'), bytes);
      const entry = {
        name: 'd/kernel',
        shape: [4, 1],
        dtype: 'float32',
        ...(stored === 'float16' ? { quantization: { dtype: stored } } : {}),
      };
      const { topology } = new SmallModel('m').input('x', 4).layer('Dense', 'd', 'x', { units: 1, use_bias: false }, 1).output('d');
      save(join(name, 'model.json'), {
        format: 'layers-model',
        modelTopology: topology,
        weightsManifest: [{ paths: ['w.bin'], weights: [entry] }],
      });
    };
    saved('plain', 'float32', weights.a);
    saved('half', 'float16', weights.a);
    saved('other', 'float32', weights.b);
    const hashed = async (name: string) => (await run('ir', `${name}/model.json`, '--hash-weights')).stdout;
    const dump = await hashed('plain');
    expect(dump).toMatch(/^weight @d\/kernel: f32\[4,1\] #0 sha256=[0-9a-f]{16}$/m);
    expect(await hashed('half')).toBe(dump);
    expect(await hashed('other')).not.toBe(dump);
    save(
      'topology.json',
      new SmallModel('m').input('x', 4).layer('Dense', 'd', 'x', { units: 1, use_bias: false }, 1).output('d').topology,
    );
    expect((await run('ir', 'topology.json', '--hash-weights', '--weights', 'plain/model.json')).stdout).toBe(dump);
    expect(await run('ir', 'topology.json', '--weights', 'plain/model.json')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('[option-alone]'),
    });
    save('a.ir', dump);
    expect((await run('ir', 'a.ir')).stdout).toBe(dump);
    expect(await run('ir', 'a.ir', '--hash-weights')).toMatchObject({ status: 2, stderr: expect.stringContaining('[options-conflict]') });
    expect(JSON.parse((await run('ir', 'a.ir', '--json')).stdout)).toMatchObject({
      weights: [{ hash: expect.stringMatching(/^[0-9a-f]{16}$/) }],
    });
    save('a.ir', dump.replace(/sha256=\w+/, 'sha256=xyz'));
    expect(await run('ir', 'a.ir')).toMatchObject({ status: 2, stderr: expect.stringContaining('[ir-syntax]') });
  });
});

/** The float16 of a number that has one without a fraction lost. */
function halfBits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  return ((bits >>> 16) & 0x8000) | ((((bits >>> 23) & 255) - 112) << 10) | ((bits >>> 13) & 1023);
}

const git = (...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = {
      ...process.env,
      PATH: `${here}${delimiter}${process.env['PATH']}`,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
    };
    execFile(
      'git',
      ['-c', 'user.name=a', '-c', 'user.email=a@b', '-C', at('repository'), ...args],
      { env, timeout: 60_000 },
      (error, stdout, stderr) => resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });

const hasGit = await new Promise<boolean>((resolve) => void execFile('git', ['--version'], (error) => resolve(error === null)));

describe.skipIf(!hasGit || process.platform === 'win32')(`git diff${hasGit ? '' : ' (there is no git here)'}`, () => {
  const plain = () => twoHeads().topology as { config: { layers: { config: { activation?: string } }[] } };
  const other = () => {
    const topology = plain();
    for (const { config } of topology.config.layers) if (config.activation === 'tanh') config.activation = 'relu';
    return topology;
  };

  beforeEach(async () => {
    mkdirSync(at('repository'));
    writeFileSync(at('skipc'), `#!/bin/sh\nexec "${process.execPath}" "${cli.main}" "$@"\n`);
    chmodSync(at('skipc'), 0o755);
    await git('init', '-q');
    await git('config', 'diff.skipc.command', 'skipc diff --git');
    save('repository/.gitattributes', '*.json diff=skipc\n');
    save('repository/model.json', plain());
    save('repository/package.json', { name: 'x' });
    await git('add', '-A');
    await git('commit', '-qm', 'one');
  });

  it('shows what a changed model means, in the work tree, staged and committed', async () => {
    save('repository/model.json', other());
    const expected = expect.stringMatching(
      /^diff --skipc a\/model\.json b\/model\.json\nlayers\n {2}~ aux_hidden Dense: activation tanh -> relu\n/,
    );
    expect(await git('diff')).toEqual({ status: 0, stdout: expected, stderr: '' });
    await git('add', '-A');
    expect(await git('diff', '--cached')).toEqual({ status: 0, stdout: expected, stderr: '' });
    await git('commit', '-qm', 'two');
    const shown = await git('show', '--ext-diff', '--format=');
    expect(shown).toEqual({ status: 0, stdout: expected, stderr: '' });
    expect(shown.stdout).not.toContain('\u001b');
    const log = (await git('log', '-p', '--ext-diff', '--format=%s')).stdout;
    expect(log).toContain('diff --skipc a/model.json b/model.json\nnew file\n  model "two_heads": 5 layers, 161 parameters, ');
  });

  it('does not stop at what is no model, nor at what is another form of one', async () => {
    save('repository/package.json', { name: 'y' });
    writeFileSync(at('repository', 'model.json'), JSON.stringify(plain(), null, 2));
    const { status, stdout, stderr } = await git('diff');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('diff --skipc a/model.json b/model.json\n  the same model: the file is only written in another way\n');
    expect(stdout).toContain('diff --skipc a/package.json b/package.json\n  not compared: not a model: found an object with "name"');
    expect(widest(stdout)).toBeLessThanOrEqual(80);
  });

  it('shows files that are new, gone and renamed', async () => {
    cpSync(at('repository/model.json'), at('repository/new.json'));
    rmSync(at('repository/package.json'));
    await git('add', '-A');
    const { stdout } = await git('diff', '--cached');
    expect(stdout).toContain('diff --skipc a/new.json b/new.json\nnew file\n  model "two_heads": 5 layers');
    expect(stdout).toContain('diff --skipc a/package.json b/package.json\ndeleted file\n');
    await git('commit', '-qm', 'two');
    renameSync(at('repository/model.json'), at('repository/moved.json'));
    await git('add', '-A');
    expect((await git('diff', '--cached', '-M')).stdout).toBe(
      'diff --skipc a/model.json b/moved.json\nsimilarity index 100%\nrename from model.json\nrename to moved.json\n',
    );
    save('repository/moved.json', other());
    await git('add', '-A');
    const renamed = (await git('diff', '--cached', '-M50%')).stdout;
    expect(renamed).toMatch(/^diff --skipc a\/(?:model|new)\.json b\/moved\.json\nsimilarity index \d+%\n/);
    expect(renamed).toContain('activation tanh -> relu');
  });

  it('says that a file is unmerged', async () => {
    await git('checkout', '-qb', 'side');
    save('repository/model.json', other());
    await git('commit', '-qam', 'two');
    await git('checkout', '-q', '-');
    save('repository/model.json', chain(3));
    await git('commit', '-qam', 'three');
    await git('merge', 'side');
    const { status, stdout } = await git('diff', '--cached');
    expect([status, stdout]).toEqual([0, '* Unmerged path model.json\n']);
  });

  it('compares what git has not stored, of which it gives no hashes', async () => {
    save('repository/other.json', other());
    const { stdout } = await git('diff', '--no-index', at('repository/model.json'), at('repository/other.json'));
    expect(stdout).toContain('~ aux_hidden Dense: activation tanh -> relu');
    chmodSync(at('repository/model.json'), 0o755);
    expect((await git('diff')).stdout).toBe('diff --skipc a/model.json b/model.json\nold mode 100644\nnew mode 100755\n');
  });

  it('does not take shards for a change that git does not hand over', async () => {
    twoHeads().save(at('repository/m'));
    await git('add', '-A');
    await git('commit', '-qm', 'two');
    const model = readFileSync(at('repository/m/model.json'), 'utf8');
    writeFileSync(at('repository/m/model.json'), `${model}\n`);
    const { stdout } = await git('diff');
    const unread = '  the same layers; values of weights were not compared: a/m/model.json came\n    without\n';
    expect(stdout).toBe(`diff --skipc a/m/model.json b/m/model.json\n${unread}`);
  });

  it('shows the IR line by line with textconv = skipc ir', async () => {
    save('repository/.gitattributes', 'model.json diff=skipc\n');
    await git('config', 'diff.skipc.textconv', 'skipc ir');
    await git('config', '--unset', 'diff.skipc.command');
    save('repository/model.json', other());
    const { status, stdout, stderr } = await git('diff', '--', 'model.json');
    expect([status, stderr]).toEqual([0, '']);
    const changed = stdout.split('\n').filter((line) => /^[+-] /.test(line));
    expect(changed).toContainEqual(expect.stringMatching(/^- +%aux_hidden: f32\[\?,5\] = tanh %aux_hidden\.sum/));
    expect(changed).toContainEqual(expect.stringMatching(/^\+ +%aux_hidden: .*activation=relu/));
    expect(changed.every((line) => line.includes('_hidden') || line.includes('%head'))).toBe(true);
  });
});
