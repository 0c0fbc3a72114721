import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompileOptions, compile } from '../src/compile.ts';
import { graphPage, graphSvg } from '../src/graph.ts';
import type { ModelSource } from '../src/read/read.ts';
import type { Profile } from '../src/report/graph/picture.ts';
import { modelCase } from './golden.ts';
import { CHROMIUM, launchChromium } from './page.ts';
import { SmallModel } from './small-model.ts';

const DIGITS = 'test/models/digits/model.json';

const folder = mkdtempSync(join(tmpdir(), 'skipc-graph-'));
let browser: Browser | undefined;

beforeAll(async () => {
  if (CHROMIUM !== undefined) browser = await launchChromium();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const compiled = (model: ModelSource, options: CompileOptions = {}) => compile(model, { weights: 'none', explain: true, ...options });

/** Opens a file, and expects that it says nothing on the console. */
async function opened(name: string, text: string, use: (page: Page) => Promise<void>): Promise<void> {
  const path = join(folder, name);
  writeFileSync(path, text);
  const page = await (browser as Browser).newPage({ viewport: { width: 1280, height: 800 } });
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('request', (request) => {
    if (!/^(file|data):/.test(request.url())) said.push(`asked for ${request.url()}`);
  });
  try {
    await page.goto(pathToFileURL(path).href);
    await use(page);
    expect(said).toEqual([]);
  } finally {
    await page.close();
  }
}

const scale = (page: Page): Promise<number> =>
  page.evaluate(() =>
    Number(/scale\(([\d.]+)\)/.exec(document.querySelector('#picture > g:not([display])')?.getAttribute('transform') ?? '')?.[1]),
  );
const selected = (page: Page): Promise<string | null> => page.locator('.node.selected .name').first().textContent();
const bar = (page: Page, name: string): Promise<number> =>
  page.evaluate((name) => {
    const node = [...document.querySelectorAll('#picture > g:not([display]) .node')].find(
      (node) => node.querySelector('.name')?.textContent === name,
    );
    return Number(node?.querySelector('.heat')?.getAttribute('width'));
  }, name);

function chain(length: number): object {
  const model = new SmallModel('chain').input('x', 4);
  for (let i = 0; i < length; i++) model.dense(`dense_${i}`, i === 0 ? 'x' : `dense_${i - 1}`, 4, { activation: 'relu' });
  return model.output(`dense_${length - 1}`).topology;
}

describe.skipIf(CHROMIUM === undefined)('the page, in Chromium (skipped where none is found: CHROMIUM=/path names one)', () => {
  it('tells of a layer that is clicked what it is, why, and which code it becomes', async () => {
    await opened('digits.html', await graphPage(await compiled(DIGITS, { outputs: ['aux'] })), async (page) => {
      expect(await page.title()).toBe('digits \u2192 aux');
      expect(await page.locator('#panel').isHidden()).toBe(true);
      await page.locator('.node', { hasText: 'stem_conv' }).first().click();
      const panel = await page.locator('#panel').innerText();
      for (const told of ['stem_conv', 'Conv2D', 'kept, suffix: conv2d', 'f32[?,28,28,1]', 'f32[3,3,1,16]']) expect(panel).toContain(told);
      for (const told of [
        'folded into stem_conv by fold-scale',
        'runConv2d(image, w.stem_conv_kernel',
        '%stem_relu: f32[?,28,28,16] = conv2d %image',
      ])
        expect(panel).toContain(told);
      const config = page.locator('section.layer').first().locator('details').last();
      await config.locator('summary').click();
      expect(await config.locator('pre').innerText()).toContain('"filters": 16');
      await page.keyboard.press('Escape');
      expect(await page.locator('#panel').isHidden()).toBe(true);
    });
  });

  it('finds layers by name and class, and goes from one to the next', async () => {
    await opened(
      'inception.html',
      await graphPage(await compiled(modelCase('inception_aux').keras3, { outputs: ['aux1'], hoist: 'mixed0' })),
      async (page) => {
        await page.keyboard.press('/');
        await page.keyboard.type('globalaverage');
        expect(await page.locator('#count').textContent()).toBe('3 found');
        expect(await page.locator('.node.hit').count()).toBe(3);
        const names: (string | null)[] = [];
        for (let i = 0; i < 4; i++) {
          await page.keyboard.press('Enter');
          names.push(await selected(page));
        }
        expect(new Set(names).size).toBe(3);
        expect(names[3]).toBe(names[0]);
        // What is found among the layers of a box is told of first.
        expect(await page.locator('#panel .class').first().textContent()).toBe('GlobalAveragePooling2D');
        await page.fill('#search', 'no such layer');
        expect(await page.locator('#count').textContent()).toBe('0 found');
      },
    );
  });

  it('zooms and pans with wheel, mouse, buttons and keys', async () => {
    await opened('resnet50.html', await graphPage(await compiled(modelCase('resnet50').keras3)), async (page) => {
      const all = await scale(page);
      expect(all).toBeLessThan(1);
      const at = page.locator('#picture');
      await at.hover({ position: { x: 300, y: 300 } });
      await page.mouse.wheel(0, -600);
      await expect.poll(() => scale(page)).toBeGreaterThan(all * 1.5);
      expect(await page.locator('#minimap').isVisible()).toBe(true);
      const before = await page.locator('#drawing0').getAttribute('transform');
      await page.mouse.down();
      await page.mouse.move(420, 380, { steps: 4 });
      await page.mouse.up();
      expect(await page.locator('#drawing0').getAttribute('transform')).not.toBe(before);
      expect(await page.locator('.node.selected').count(), 'a drag selects nothing').toBe(0);
      await page.click('#fit');
      expect(await scale(page)).toBeCloseTo(all, 3);
      await at.focus();
      await page.keyboard.press('+');
      expect(await scale(page)).toBeCloseTo(all * 1.3, 3);
      await page.keyboard.press('0');
      expect(await scale(page)).toBeCloseTo(all, 3);
    });
  });

  it('can be walked through by keys alone', async () => {
    await opened('walk.html', await graphPage(await compiled(DIGITS, { outputs: ['aux'] })), async (page) => {
      await page.locator('#picture').focus();
      await page.keyboard.press('Enter');
      expect(await selected(page)).toBe('image');
      await page.keyboard.press('ArrowDown');
      expect(await selected(page)).toBe('stem_conv');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowUp');
      expect(await selected(page)).toBe('stem_conv');
      expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toContain(
        'stem_bn (BatchNormalization, folded)',
      );
    });
  });

  it('shows by the bars what is chosen', async () => {
    await opened('bars.html', await graphPage(await compiled(DIGITS, { outputs: ['aux'] })), async (page) => {
      const [conv, dense] = [await bar(page, 'block1_conv'), await bar(page, 'aux')];
      expect(conv).toBeGreaterThan(dense);
      await page.getByLabel('parameters').check();
      expect(await bar(page, 'aux')).toBeGreaterThan(await bar(page, 'block1_conv'));
      expect(await page.locator('.node', { hasText: 'stem_conv' }).locator('.cost').textContent()).toBe('208 params');
    });
  });

  it('shows where the time goes, where that was measured', async () => {
    const kernels = [{ name: 'FusedConv2D', milliseconds: 1.9, calls: 1 }];
    const profile: Profile = new Map([
      ['stem_conv', { milliseconds: 2, peerMilliseconds: 3, kernels }],
      ['block1_conv', { milliseconds: 5, peerMilliseconds: null, kernels: [] }],
      ['block3_conv1', { milliseconds: null, peerMilliseconds: 9, kernels: [] }],
    ]);
    await opened('profile.html', await graphPage(await compiled(DIGITS, { outputs: ['aux'] }), profile), async (page) => {
      expect(await page.locator('.time .who').allTextContents()).toEqual(['block1_conv', 'stem_conv', 'block3_conv1']);
      expect(await page.locator('.time .value').allTextContents()).toEqual(['5.00 ms', '2.00 ms', 'not run']);
      expect(await page.locator('.time .bar.peer').count()).toBe(2);
      expect(await page.getByLabel('time').isChecked()).toBe(true);
      expect(await bar(page, 'block1_conv')).toBeCloseTo(2.5 * (await bar(page, 'stem_conv')), 0);
      await page.locator('.time', { hasText: 'stem_conv' }).click();
      expect(await selected(page)).toBe('stem_conv');
      expect(await page.locator('#panel').innerText()).toContain('2.00 ms, tfjs-layers 3.00 ms');
      expect(await page.locator('#panel').innerText()).toContain('FusedConv2D: 1.90 ms, 1\u00d7');
    });
  });

  it('shows a thousand layers, folded where they are alike, and each where one asks for it', async () => {
    await opened('chain.html', await graphPage(await compiled(chain(1000))), async (page) => {
      expect(await page.locator('#drawing0 .node').count()).toBe(3);
      await page.fill('#search', 'dense_700');
      await page.press('#search', 'Enter');
      expect(await page.locator('#panel h2').first().textContent()).toBe('dense_700');
      await page.getByText('Show them all').click();
      expect(await page.locator('#drawing1 .node').count()).toBe(1002);
      expect(await selected(page)).toBe('dense_700');
      expect(await page.locator('.node.selected').isVisible()).toBe(true);
      await page.getByLabel('every layer').uncheck();
      expect(await page.locator('#drawing1').isVisible()).toBe(false);
    });
  });

  it('keeps to what it was given, whatever names say', async () => {
    const name = '<img src=x onerror=alert(1)></title></style></script><script>alert(2)</script>';
    const model = new SmallModel(name)
      .input('x', 2)
      .layer('ReLU', name, 'x')
      .layer('Softmax', '__proto__', name)
      .output('__proto__').topology;
    await opened('hostile.html', await graphPage(await compiled(model, { name: 'p' })), async (page) => {
      page.on('dialog', () => expect.unreachable('a name ran as a script'));
      await page.locator('.node', { hasText: '__proto__' }).first().click();
      expect(await page.locator('#panel h2').textContent()).toBe('__proto__');
      expect(await page.locator('img').count()).toBe(0);
    });
  });
});

describe.skipIf(CHROMIUM === undefined)('the SVG file, in Chromium (skipped where none is found)', () => {
  it('is drawn as an image, and its texts fit their boxes', async () => {
    for (const name of ['inception_aux', 'frozen_transfer', 'ops_in_graph']) {
      await opened(`${name}.svg`, await graphSvg(await compiled(modelCase(name).keras3)), async (page) => {
        const outside = await page.evaluate(() =>
          [...document.querySelectorAll<SVGGElement>('.node')].flatMap((node) => {
            const frame = (node.querySelector('.frame') as SVGGraphicsElement).getBBox();
            return [...node.querySelectorAll('text')].flatMap((text) => {
              const { x, width } = text.getBBox();
              return x < frame.x || x + width > frame.x + frame.width ? [text.textContent] : [];
            });
          }),
        );
        expect(outside).toEqual([]);
      });
    }
  });
});
