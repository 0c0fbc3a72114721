import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runGraph } from '../src/cli/graph.ts';
import { type CompileOptions, compile } from '../src/compile.ts';
import { graphPage, graphSvg } from '../src/graph.ts';
import type { ModelSource } from '../src/read/read.ts';
import { compose } from '../src/report/graph/compose.ts';
import { place } from '../src/report/graph/layout.ts';
import type { Box, Picture } from '../src/report/graph/picture.ts';
import { foldRepeats } from '../src/report/graph/repeats.ts';
import { dark, light, type Theme } from '../src/report/graph/theme.ts';
import { buildCli, scratchFolder } from './built-cli.ts';
import { modelCase } from './golden.ts';
import { SmallModel } from './small-model.ts';

const DIGITS = 'test/models/digits/model.json';

const compiled = (model: ModelSource, options: CompileOptions = {}) => compile(model, { weights: 'none', explain: true, ...options });

async function pictureOf(model: ModelSource, options: CompileOptions = {}): Promise<Picture> {
  const { analysis, summary } = await compiled(model, options);
  return compose({ ...analysis, graph: analysis.model.graph, explanations: summary.explanations ?? [] });
}

const nameOf = (picture: Picture, place: number): string => {
  const node = picture.nodes[place];
  return node?.kind === 'box' ? (node.rows[0]?.name ?? '') : `${node?.role} ${node?.name}`;
};
const boxes = (picture: Picture): Record<string, Box> =>
  Object.fromEntries(picture.nodes.flatMap((node) => (node.kind === 'box' ? [[node.rows[0]?.name, node]] : [])));
const lines = (picture: Picture): string[] =>
  picture.edges.map(({ from, to, tone }) => `${nameOf(picture, from)} -> ${nameOf(picture, to)} ${tone}`);

function chain(length: number): object {
  const model = new SmallModel('chain').input('x', 2);
  for (let i = 0; i < length; i++) model.dense(`d${i}`, i === 0 ? 'x' : `d${i - 1}`, 2, { activation: 'relu' });
  return model.output(`d${length - 1}`).topology;
}

describe('the picture of a selection', () => {
  it('shows what was folded and fused inside what took it, and what is removed in few boxes', async () => {
    const picture = await pictureOf(DIGITS, { outputs: ['aux'] });
    const { stem_conv, aux_dropout, block2_conv } = boxes(picture);
    expect(stem_conv?.rows.map(({ layer, fate }) => `${layer} ${fate}`)).toEqual(['stem_conv kept', 'stem_bn folded', 'stem_relu fused']);
    expect(stem_conv).toMatchObject({ tone: 'suffix', shape: ['?', 28, 28, 16] });
    expect(aux_dropout?.tone).toBe('identity');
    expect(block2_conv?.tone).toBe('removed');
    expect(block2_conv?.rows.map(({ layer }) => layer)).toEqual(['block2_conv', 'block2_bn', 'block2_relu', 'block2_pool']);
    expect(lines(picture)).toEqual(expect.arrayContaining(['block1_pool -> aux_conv live', 'block1_pool -> block2_conv dead']));
    expect(lines(picture)).toContain('block3_add -> output main dead');
  });

  it('counts every layer once, and all FLOPs of the program', async () => {
    for (const name of ['resnet50', 'frozen_transfer', 'inception_aux', 'text_bilstm', 'unet_small', 'transformer_small']) {
      const picture = await pictureOf(modelCase(name).keras3);
      const own = picture.nodes.flatMap((node) => (node.kind === 'box' ? [node] : []));
      expect(new Set(own.flatMap(({ rows }) => rows.map(({ layer }) => layer))).size, name).toBe(picture.title.layers.of);
      const flops = own.filter(({ tone }) => tone !== 'removed').reduce((sum, box) => sum + box.flops, 0);
      expect(flops / picture.title.flops.kept, name).toBeCloseTo(1, 9);
    }
  });

  it('has the zeros around an image in the box of the convolution', async () => {
    const { conv1_conv } = boxes(await pictureOf(modelCase('resnet50').keras3));
    expect(conv1_conv?.rows.map(({ layer }) => layer)).toEqual(['conv1_conv', 'conv1_pad', 'conv1_bn', 'conv1_relu']);
    expect(conv1_conv?.shape).toEqual(['?', 48, 48, 64]);
  });

  it('shows the tensor at the cut between the prefix and the suffix', async () => {
    const picture = await pictureOf(DIGITS, { outputs: ['aux'], hoist: 'block1_pool' });
    expect(boxes(picture)['stem_conv']?.tone).toBe('prefix');
    expect(lines(picture)).toEqual(
      expect.arrayContaining([
        'block1_pool -> feature block1_pool prefix',
        'feature block1_pool -> aux_conv live',
        'block1_pool -> block2_conv dead',
      ]),
    );
    expect(picture.nodes.find((node) => node.kind === 'pill' && node.role === 'feature')).toMatchObject({ bytes: 14 * 14 * 24 * 4 });
    expect(picture.title.saved).toBeGreaterThan(0);
  });

  it('shows every feature where several tensors cross', async () => {
    const picture = await pictureOf(modelCase('unet_small').keras3, { outputs: ['seg'], hoist: 'bottleneck' });
    const features = picture.nodes.filter((node) => node.kind === 'pill' && node.role === 'feature');
    expect(features.map((node) => (node.kind === 'pill' ? node.name : '')).sort()).toEqual(['bottleneck', 'down0', 'down1']);
  });

  it('shows what is given in place of what the model computes', async () => {
    const picture = await pictureOf(DIGITS, { outputs: ['main'], inputs: ['x=block1_pool'] });
    expect(lines(picture)).toEqual(
      expect.arrayContaining(['block1_pool -> cut x dead', 'cut x -> block2_conv live', 'block1_pool -> aux_conv dead']),
    );
    expect(picture.nodes.find((node) => node.kind === 'pill' && node.role === 'input')?.tone).toBe('removed');
  });

  it('shows each call of a shared layer', async () => {
    const twice = new SmallModel().input('a', 2).dense('d', 'a', 2).layer('ReLU', 'r', 'd').output('r').topology;
    const layers = (twice as { config: { layers: { name: string; inbound_nodes: unknown[] }[] } }).config.layers;
    const dense = layers.find(({ name }) => name === 'd');
    dense?.inbound_nodes.push({
      args: [{ class_name: '__keras_tensor__', config: { shape: [null, 2], dtype: 'float32', keras_history: ['r', 0, 0] } }],
      kwargs: {},
    });
    (twice as { config: { output_layers: unknown } }).config.output_layers = [['d', 1, 0]];
    const picture = await pictureOf(twice);
    expect(Object.keys(boxes(picture))).toEqual(['d', 'd@1']);
    expect(lines(picture)).toEqual(['input a -> d live', 'd -> d@1 live', 'd@1 -> output d@1 live']);
  });

  it('is drawn of a model with a layer that skipc does not know, where that is removed', async () => {
    const model = new SmallModel().input('x', 2).dense('known', 'x', 2).layer('MyLayer', 'mine', 'x').dense('behind', 'mine', 2);
    const picture = await pictureOf(model.output('known').output('behind').topology, { outputs: ['known'] });
    expect(boxes(picture)['mine']).toMatchObject({ tone: 'removed', flops: 0 });
    expect(picture.title.isCounted).toBe(false);
    await expect(graphSvg(await compiled(model.topology, { outputs: ['known'] }))).resolves.toContain('MyLayer');
  });

  it('has runs of boxes that are alike as one, where that is asked for', async () => {
    const picture = await pictureOf(chain(100));
    const folded = foldRepeats(picture);
    expect(folded.nodes.map((_, i) => nameOf(folded, i))).toEqual(['input x', 'd0', 'output d99']);
    expect(boxes(folded)['d0']).toMatchObject({ repeats: { count: 100, last: 'd99' }, flops: 100 * (boxes(picture)['d0']?.flops ?? 0) });
    expect(lines(folded)).toEqual(['input x -> d0 live', 'd0 -> output d99 live']);
    const short = await pictureOf(chain(3));
    expect(foldRepeats(short)).toBe(short);
  });
});

describe('where things are placed', () => {
  const models = ['resnet50', 'frozen_transfer', 'inception_aux', 'unet_small', 'nested_two_output_backbone', 'two_branch_merge'];
  it.each(models)('no box of %s lies on another, and all is inside', async (name) => {
    const placed = await place(await pictureOf(modelCase(name).keras3));
    const inside = [...placed.nodes, ...placed.groups];
    expect(inside.every(({ x, y, width, height }) => x >= 0 && y >= 0 && x + width <= placed.width && y + height <= placed.height)).toBe(
      true,
    );
    for (const [i, a] of placed.nodes.entries()) {
      for (const b of placed.nodes.slice(i + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart, `${a.lines[0]?.name} and ${b.lines[0]?.name}`).toBe(true);
      }
    }
  });

  it('every line begins at a box and ends at one', async () => {
    const picture = await pictureOf(modelCase('resnet50').keras3);
    const placed = await place(picture);
    const at = new Map(placed.nodes.map((node) => [node.node, node]));
    for (const { points, to, hasHead } of placed.edges) {
      if (!hasHead) continue;
      const [x, y] = points.at(-1) as readonly [number, number];
      const box = at.get(to[0] as number) as { x: number; y: number; width: number };
      expect(y).toBeCloseTo(box.y, 0);
      expect(x >= box.x && x <= box.x + box.width).toBe(true);
    }
    const told = new Set(placed.edges.filter(({ hasHead }) => hasHead).map(({ from, to }) => `${from} ${to[0]}`));
    expect(picture.edges.every(({ from, to }) => told.has(`${from} ${to}`))).toBe(true);
  });

  it('a long model is set in columns, about as wide as a screen', async () => {
    for (const picture of [await pictureOf(chain(200)), await pictureOf(modelCase('resnet50').keras3)]) {
      const { width, height } = await place(picture);
      expect(width / height).toBeGreaterThan(0.8);
      expect(width / height).toBeLessThan(3);
    }
  });
});

describe('the files', () => {
  it('are the same for the same model', async () => {
    const svg = await graphSvg(await compiled(modelCase('inception_aux').keras3, { outputs: ['aux1'] }));
    expect(await graphSvg(await compiled(modelCase('inception_aux').keras3, { outputs: ['aux1'] }))).toBe(svg);
    const page = await graphPage(await compiled(DIGITS));
    expect(await graphPage(await compiled(DIGITS))).toBe(page);
  });

  it('load nothing, and an SVG file has no script', async () => {
    const [svg, page] = [await graphSvg(await compiled(DIGITS)), await graphPage(await compiled(DIGITS))];
    for (const text of [svg, page]) expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|@import|url\(/);
    expect(svg).not.toMatch(/<script|foreignObject|\son\w+=/);
    expect(page).toContain(`default-src 'none'; script-src 'sha256-`);
  });

  it('hold hostile names as text alone', async () => {
    const name = '</script><script>alert(1)</script><!-- "\'&\u0000\u202e';
    const model = new SmallModel(name).input('x', 2).layer('ReLU', name, 'x').layer('ReLU', '__proto__', name).output('__proto__').topology;
    for (const text of [await graphSvg(await compiled(model, { name: 'p' })), await graphPage(await compiled(model, { name: 'p' }))]) {
      expect(text).not.toContain('<script>alert');
      expect(text).not.toContain('</script><script>alert');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the point of the test
      expect(text).not.toMatch(/[\u0000-\u0008\u202e]/);
      expect(text).toContain('__proto__');
    }
  });

  it('of a model with very many layers that are not alike are refused', async () => {
    const model = new SmallModel('wide').input('x', 2);
    for (let i = 0; i < 5001; i++) model.layer(i % 2 === 0 ? 'ReLU' : 'Softmax', `l${i}`, i === 0 ? 'x' : `l${i - 1}`);
    await expect(graphSvg(await compiled(model.output('l5000').topology))).rejects.toMatchObject({ code: 'graph-too-large' });
  });
});

describe('skipc graph', () => {
  const folder = scratchFolder('graph');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('as it is built writes a page with a script, and an SVG file', async () => {
    const cli = await buildCli();
    try {
      const model = join(process.cwd(), DIGITS);
      const { status, stdout, stderr } = await cli.run(['graph', model, '--output', 'aux'], { cwd: folder });
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
      expect(stderr).toMatch(/^wrote aux\.html \(\d.*kB\)\n$/);
      const script = /<script>('use strict'.*)<\/script>/s.exec(readFileSync(join(folder, 'aux.html'), 'utf8'))?.[1] ?? '';
      expect(script).toContain('new Page()');
      expect(() => new Function(script)).not.toThrow();
      expect((await cli.run(['graph', model, '--output', 'aux', '-o', 'aux.svg', '--quiet'], { cwd: folder })).stderr).toBe('');
      expect(readFileSync(join(folder, 'aux.svg'), 'utf8')).toMatch(/^<svg /);
    } finally {
      cli.dispose();
    }
  });

  it('overwrites what it wrote, and nothing else', async () => {
    const out = join(folder, 'digits.svg');
    expect(await runGraph(DIGITS, { out, quiet: true })).toBe(0);
    expect(await runGraph(DIGITS, { out, quiet: true })).toBe(0);
    writeFileSync(out, '<svg/>');
    await expect(runGraph(DIGITS, { out, quiet: true })).rejects.toMatchObject({ code: 'file-not-ours' });
    expect(await runGraph(DIGITS, { out, quiet: true, force: true })).toBe(0);
  });

  it.each(['picture.png', 'picture', 'page.htm.ts'])('does not know what %s is to be', async (out) => {
    await expect(runGraph(DIGITS, { out: join(folder, out), quiet: true })).rejects.toMatchObject({ code: 'graph-extension' });
  });
});

describe('the colours', () => {
  it.each([
    ['light', light],
    ['dark', dark],
  ] as const)('of the %s theme have enough contrast to be read', (_, theme: Theme) => {
    const pairs = [
      [theme.text, theme.page],
      [theme.dim, theme.page],
      ...Object.values(theme.tones).flatMap(({ text, dim, fill }) => [
        [text, fill],
        [dim, fill],
      ]),
      ...Object.values(theme.solid).map(({ text, fill }) => [text, fill]),
      [theme.dim, theme.group.fill],
    ] as [string, string][];
    for (const [text, behind] of pairs) expect(contrast(text, behind), `${text} on ${behind}`).toBeGreaterThanOrEqual(4.5);
  });
});

/** https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio */
function contrast(a: string, b: string): number {
  const [lighter, darker] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
