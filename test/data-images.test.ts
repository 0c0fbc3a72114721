import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { DataOptions, LabelForm, Wanted } from '../src/data/dataset.ts';
import { type Picture, parseResizing, resizeImage } from '../src/data/images/resize.ts';
import { openData } from '../src/data/open.ts';
import type { TensorInfo } from '../src/runtime/info.ts';
import { bmp, folderOf, ints, png, refusal } from './data-files.ts';

const hasSharp = await import('sharp').then(
  () => true,
  () => false,
);

const wants = (shape: TensorInfo['shape'], units = 2, labels: LabelForm = 'sparse'): Wanted => ({
  inputs: [{ key: 'image', name: 'image', dtype: 'float32', shape }],
  outputs: [{ key: 'out', name: 'out', shape: ['?', units], labels }],
});
const grey = (...values: readonly number[]): Uint8Array => png([1, values.length], 'grey', [values]);

/** What the images of one folder become. */
async function imagesOf(images: Readonly<Record<string, Uint8Array>>, shape: TensorInfo['shape'], options: DataOptions = {}) {
  const path = folderOf(Object.fromEntries(Object.entries(images).map(([name, bytes]) => [`only/${name}`, bytes])));
  const data = await openData(path(), { ...wants(shape), outputs: [] }, options);
  return (await data.inputs(0, data.size))['image'];
}
const valuesOf = async (...given: Parameters<typeof imagesOf>) => [...((await imagesOf(...given))?.data ?? [])];

/** Values of keras.ops.image.resize(..., antialias=False), first channel, of (i * 37 + 11) % 256 in [3, 4, 2]. */
const KERAS: readonly (readonly [method: string, height: number, width: number, digits: number, values: readonly number[]])[] = [
  [
    'bilinear',
    5,
    6,
    4,
    [
      11, 48, 97.3333, 146.6667, 196, 233, 27, 64, 113.3333, 162.6667, 160.8, 146.6, 51, 88, 137.3333, 186.6667, 108, 17, 75, 112, 161.3333,
      210.6667, 132, 41, 91, 128, 177.3333, 226.6667, 148, 57,
    ],
  ],
  ['bilinear', 2, 3, 4, [33.3333, 132, 177.3333, 93.3333, 192, 77.3333]],
  ['nearest', 2, 3, 4, [11, 159, 233, 91, 239, 57]],
  [
    'nearest',
    5,
    6,
    4,
    [11, 85, 85, 159, 233, 233, 11, 85, 85, 159, 233, 233, 51, 125, 125, 199, 17, 17, 91, 165, 165, 239, 57, 57, 91, 165, 165, 239, 57, 57],
  ],
  // TensorFlow's kernel tells 1024 positions apart, what these values are from does not.
  ['bicubic', 2, 3, 0.5, [25.3258, 131.7518, 189.049, 91.8952, 211.635, 66.8353]],
  [
    'lanczos3',
    5,
    6,
    3,
    [
      3.2807, 36.0967, 95.082, 138.6886, 217.7043, 264.905, 15.3345, 45.6906, 112.0311, 162.8308, 168.2601, 154.873, 46.294, 72.868,
      150.517, 212.3759, 104.6675, -1.8722, 77.2535, 103.2495, 182.6267, 246.1757, 121.1775, 0.4022, 89.3073, 116.0656, 193.1633, 254.4831,
      152.2905, 50.2923,
    ],
  ],
  ['lanczos5', 2, 3, 3, [22.0083, 133.9608, 188.72, 89.379, 256.5849, 57.0152]],
];

describe('resizing', () => {
  const picture = (height: number, width: number, channels: number, value: (i: number) => number): Picture => ({
    height,
    width,
    channels,
    data: Float32Array.from({ length: height * width * channels }, (_, i) => value(i)),
  });
  const image = picture(3, 4, 2, (i) => (i * 37 + 11) % 256);

  test.each(KERAS)('%s to %i by %i gives the values of Keras', (method, height, width, digits, values) => {
    const { data } = resizeImage(image, height, width, parseResizing(method));
    values.forEach((value, i) => void expect(data[i * 2]).toBeCloseTo(value, digits));
    expect(data.length).toBe(values.length * 2);
  });

  test('by area takes the mean of what a pixel covers', () => {
    const { data } = resizeImage(
      picture(2, 3, 1, (i) => i),
      1,
      2,
      parseResizing('area'),
    );
    // Of three columns a half-wide pixel covers one and a half.
    expect(data[0]).toBeCloseTo((0 + 3 + (1 + 4) / 2) / 3, 5);
    expect(data[1]).toBeCloseTo((2 + 5 + (1 + 4) / 2) / 3, 5);
  });

  test.each(['nearest', 'bicubic', 'area', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic', 'bilinear'])(
    '%s keeps what is even',
    (method) => {
      for (const [height, width] of [
        [1, 1],
        [7, 3],
        [300, 2],
      ] as const) {
        const { data } = resizeImage(
          picture(5, 9, 1, () => 7),
          height,
          width,
          parseResizing(method),
        );
        expect(data.length).toBe(height * width);
        for (const value of data) expect(value).toBeCloseTo(7, 3);
      }
    },
  );

  const wide = picture(4, 10, 1, (i) => (i * 53 + 7) % 256);
  test.each([
    [4, 4, [166, 219, 16, 69, 184, 237, 34, 87, 202, 255, 52, 105, 220, 17, 70, 123]],
    [3, 2, [222, 19, 246, 43, 56.6666, 67]],
    [2, 6, [29.1667, 117.5, 205.8333, 38.1666, 126.5, 214.8333, 56.1667, 144.5, 232.8333, 65.1666, 153.5, 113.8334]],
  ])('crops to %i by %i as smart_resize of Keras', (height, width, values) => {
    const { data } = resizeImage(wide, height, width, parseResizing('bilinear', true));
    values.forEach((value, i) => void expect(data[i]).toBeCloseTo(value, 3));
  });

  test('pads with zeros, the image in the middle', () => {
    const { data } = resizeImage(wide, 6, 6, parseResizing('bilinear', false, true));
    const rows = [33.667, 122, 210.333, 42.667, 131, 219.333, 69.667, 158, 161, 78.667, 167, 84.667];
    expect([...data.subarray(0, 6), ...data.subarray(18)]).toEqual(Array(24).fill(0));
    rows.forEach((value, i) => void expect(data[6 + i]).toBeCloseTo(value, 2));
  });

  test('is one of those of Keras', async () => {
    expect(await refusal(Promise.resolve().then(() => parseResizing('linear')))).toMatch('data-option: --resize cannot be "linear"');
    expect(await refusal(Promise.resolve().then(() => parseResizing('area', true, true)))).toMatch('options-conflict');
  });
});

describe.skipIf(!hasSharp)('decoding', () => {
  test.each<readonly [string, Uint8Array, 1 | 3 | 4, readonly number[]]>([
    ['grey', grey(10, 200), 1, [10, 200]],
    ['grey as colours', grey(10, 200), 3, [10, 10, 10, 200, 200, 200]],
    ['grey as colours with opacity', grey(10), 4, [10, 10, 10, 255]],
    ['grey of 2 bits', png([1, 4], 'grey', [[0b00011011]], 2), 1, [0, 85, 170, 255]],
    ['grey of 16 bits, its upper 8', png([1, 2], 'grey', [[0x12, 0xff, 0x7f, 0x80]], 16), 1, [0x12, 0x7f]],
    ['colours of 16 bits', png([1, 1], 'rgb', [[0x12, 0xff, 0x7f, 0x80, 0xff, 0xfe]], 16), 3, [0x12, 0x7f, 0xff]],
    ['grey with opacity, which is dropped', png([1, 2], 'greyAlpha', [[10, 20, 30, 0]]), 1, [10, 30]],
    ['grey with opacity', png([1, 1], 'greyAlpha', [[10, 20]]), 4, [10, 10, 10, 20]],
    ['colours with opacity, not blended', png([1, 1], 'rgba', [[10, 20, 30, 0]]), 3, [10, 20, 30]],
    ['colours with opacity', png([1, 1], 'rgba', [[10, 20, 30, 40]]), 4, [10, 20, 30, 40]],
    ['colours as grey', png([1, 4], 'rgb', [[255, 0, 0, 0, 255, 0, 0, 0, 255, 100, 20, 30]]), 1, [76, 150, 29, 45]],
    ['a palette', png([1, 2], 'palette', [[1, 0]], 8, [['PLTE', [1, 2, 3, 4, 5, 6]]]), 3, [4, 5, 6, 1, 2, 3]],
    ['a gamma that is ignored', png([1, 1], 'rgb', [[100, 20, 30]], 8, [['gAMA', [0, 0, 0xb1, 0x8f]]]), 3, [100, 20, 30]],
    [
      'a bitmap',
      bmp(
        [2, 1],
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ),
      3,
      [1, 2, 3, 4, 5, 6],
    ],
    [
      'a bitmap from the top down',
      bmp(
        [2, 1],
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        true,
      ),
      3,
      [1, 2, 3, 4, 5, 6],
    ],
  ])('%s', async (_, image, channels, values) => {
    expect(await valuesOf({ 'a.png': image }, ['?', '?h', '?w', channels])).toEqual(values);
  });

  test('JPEG and GIF, whatever their names', async () => {
    const { default: sharp } = await import('sharp');
    const red = sharp(Buffer.from([254, 0, 0, 254, 0, 0]), { raw: { width: 2, height: 1, channels: 3 } });
    const turned = await red.clone().withMetadata({ orientation: 6 }).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
    const found = await imagesOf({ 'a.png': turned, 'b.jpg': await red.clone().gif().toBuffer() }, ['?', '?h', '?w', 3]);
    // The orientation that the file asks for is not followed.
    expect(found?.shape).toEqual([2, 1, 2, 3]);
    for (const [i, value] of [...(found?.data ?? [])].entries())
      expect(Math.abs((value as number) - (i % 3 === 0 ? 254 : 0))).toBeLessThan(3);
  });

  test('lays channels as the input has them, resized and rescaled', async () => {
    const image = png([2, 2], 'rgb', [
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9, 10, 11, 12],
    ]);
    expect(await imagesOf({ 'a.png': image }, ['?', 3, 2, 2])).toEqual({
      dtype: 'float32',
      shape: [1, 3, 2, 2],
      data: Float32Array.of(1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12),
    });
    expect(await valuesOf({ 'a.png': image }, ['?', 3, 2, 2], { offset: '0,10,20' })).toEqual([
      1, 4, 7, 10, 12, 15, 18, 21, 23, 26, 29, 32,
    ]);
    expect(await valuesOf({ 'a.png': image }, ['?', 1, 1, 3], { rescale: '2' })).toEqual([11, 13, 15]);
    expect(await imagesOf({ 'a.png': grey(4, 6) }, ['?', 1, 1])).toEqual({ dtype: 'float32', shape: [1, 1, 1], data: Float32Array.of(5) });
    expect((await imagesOf({ 'a.png': grey(4, 6) }, ['?', '?h', '?w', 1], { imageSize: '3,5' }))?.shape).toEqual([1, 3, 5, 1]);
    expect((await imagesOf({ 'a.png': grey(4, 6) }, ['?', 2, '?w', 1], { imageSize: '7' }))?.shape).toEqual([1, 2, 7, 1]);
    expect(await valuesOf({ 'a.png': grey(0, 9) }, ['?', 1, 4, 1], { resize: 'nearest' })).toEqual([0, 0, 9, 9]);
  });

  test('refuses what is no image, naming the file', async () => {
    const refused = (image: Uint8Array, shape: TensorInfo['shape'] = ['?', 1, 1, 1]) => refusal(imagesOf({ 'bad.png': image }, shape));
    const header = /^data-image: the image ".*bad\.png" cannot be decoded: /;
    expect(await refused(Buffer.from('text'))).toMatch(header);
    expect(await refused(Buffer.from(''))).toMatch('the file is empty');
    expect(await refused(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'))).toMatch(
      'it is no JPEG, PNG, GIF or BMP',
    );
    expect(await refused(png([2, 2], 'grey', [[1, 2]]))).toMatch(header);
    expect(await refused(png([100_000, 100_000], 'grey', [[1]]))).toMatch(/pixel limit/);
    expect(await refused(bmp([1, 1], [[1, 2, 3]]).subarray(0, 54))).toMatch('it is cut short');
    const huge = Buffer.from(bmp([1, 1], [[1, 2, 3]]));
    huge.writeInt32LE(100_000, 18);
    huge.writeInt32LE(100_000, 22);
    expect(await refused(huge)).toMatch('its 100000 by 100000 pixels are more than');
    const { default: sharp } = await import('sharp');
    const printed = await sharp(Buffer.alloc(12), { raw: { width: 2, height: 2, channels: 3 } })
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer();
    expect(await refused(printed)).toMatch('data-image-kind');
    expect(await refusal(imagesOf({ 'a.png': grey(1), 'b.png': grey(1, 2) }, ['?', '?h', '?w', 1]))).toMatch(
      /data-image-size: .*b\.png" is 1 by 2, another .* 1 by 1/,
    );
    expect(await refusal(imagesOf({ 'a.png': grey(1) }, ['?', '?h', '?w', 1], { imageSize: '0,1' }))).toMatch('data-option');
  });
});

describe.skipIf(!hasSharp)('folders', () => {
  const tree = () =>
    folderOf({
      'dog/b.png': grey(1),
      'dog/10.PNG': grey(2),
      'dog/9.png': grey(3),
      'cat/z.png': grey(4),
      'cat/sub/deep/a.png': grey(5),
      'cat/sub-b/a.png': grey(6),
      'Bee/a.png': grey(7),
      'cat/notes.txt': 'x',
      '.hidden/a.png': grey(8),
      'top.png': grey(9),
    });
  const shape = ['?', 1, 1, 1];
  const read = async (path: string, wanted: Wanted, options: DataOptions = {}) => {
    const data = await openData(path, wanted, options);
    const { xs, ys } = await data.batch(0, data.size);
    return { data, values: [...(xs['image']?.data ?? [])], labels: [...(ys['out']?.data ?? [])] };
  };

  test('are in the order of Keras, classes sorted as Python sorts', async () => {
    const { data, values, labels } = await read(tree()(), wants(shape, 3));
    expect(data.classes).toEqual(['Bee', 'cat', 'dog']);
    expect(values).toEqual([7, 4, 6, 5, 2, 3, 1]);
    expect(labels).toEqual([0, 1, 1, 1, 2, 2, 2]);
    expect(data.notes).toEqual(['3 entries of the folder are no images of a class']);
    expect((await data.batch(2, 4)).xs['image']?.data).toEqual(Float32Array.of(6, 5));
  });

  test('have classes by --classes, of which some may be missing', async () => {
    const { data, labels } = await read(tree()(), wants(shape, 4), { classes: 'dog,none,cat,Bee' });
    expect(data.classes).toEqual(['dog', 'none', 'cat', 'Bee']);
    expect(labels).toEqual([0, 0, 0, 2, 2, 2, 3]);
    expect(await refusal(read(tree()(), wants(shape, 3), { classes: 'dog,cat' }))).toMatch(
      /data-class-unlisted: the folder .* has the class "Bee"/,
    );
    // Of classes that are a part of the model's nobody knows which.
    expect(await refusal(read(tree()(), wants(shape, 5)))).toMatch(
      'data-classes-unlisted: the data has 3 of the 5 classes that the output "out" tells apart: "Bee", "cat", "dog"',
    );
  });

  test('may have more classes than the model: refused', async () => {
    expect(await refusal(read(tree()(), wants(shape, 2)))).toMatch(
      'data-classes: the data has 3 classes ("Bee", "cat", "dog"), the output "out" tells 2 apart',
    );
    expect(await refusal(read(tree()(), wants(shape, 1, 'binary')))).toMatch('tells 2 apart');
    const two = folderOf({ 'no/a.png': grey(1), 'yes/a.png': grey(2) });
    expect((await read(two(), wants(shape, 1, 'binary'))).labels).toEqual([0, 1]);
    expect((await read(two(), wants(shape, 2, 'categorical'))).labels).toEqual([1, 0, 0, 1]);
  });

  test('take labels from a file: in the order of the paths, or by the names in a CSV', async () => {
    const path = folderOf({
      'images/b.png': grey(1),
      'images/a.png': grey(2),
      'images/deep/a.png': grey(3),
      'l.txt': 'x\ny\nx',
      'l.npy': ints(0, 1, 0),
      'l.csv': 'filename,label\nb.png,y\ndeep/a.png,x\na.png,x\n',
      'short.csv': 'filename,label\nb.png,y\n',
      'twice.csv': 'file,label\nb.png,y\nb.png,x\n',
    });
    for (const name of ['l.txt', 'l.npy', 'l.csv']) {
      const { values, labels } = await read(path('images'), wants(shape), { labels: path(name) });
      expect(values).toEqual([2, 1, 3]);
      expect(labels).toEqual([0, 1, 0]);
    }
    const refused = (name: string) => refusal(read(path('images'), wants(shape), { labels: path(name) }));
    expect(await refused('short.csv')).toMatch('data-missing: the data does not say what the label of "a.png" is');
    expect(await refused('twice.csv')).toMatch('"b.png" again');
    expect(await refused('none.csv')).toMatch('data-not-found');
  });

  test('may hold links, circles too', async () => {
    const path = folderOf({ 'cat/a.png': grey(1), 'real/b.png': grey(2) });
    mkdirSync(path('data'));
    symlinkSync(path('cat'), path('data/cat'));
    mkdirSync(path('data/dog'));
    symlinkSync(path('real/b.png'), path('data/dog/b.png'));
    symlinkSync(path('data'), path('data/dog/circle'));
    symlinkSync(path('data/dog/self.png'), path('data/dog/self.png'));
    const { data, values } = await read(path('data'), wants(shape));
    expect(values).toEqual([1, 2]);
    expect(data.notes).toEqual(['2 entries of the folder are no images of a class']);
  });

  test('without images are empty', async () => {
    const path = folderOf({ 'cat/a.webp': 'x', 'top.png': grey(1) });
    expect(await refusal(read(path(), wants(shape)))).toMatch(/data-empty: the folder .* holds no samples/);
    rmSync(path('cat'), { recursive: true });
    expect(await refusal(read(path(), wants(shape)))).toMatch('data-empty');
    expect(await refusal(read(path(), wants(['?', 5])))).toMatch('data-image-input: a folder of images is data for one input');
    expect(await refusal(read(path(), wants(['?', 5, 5, 2])))).toMatch('"image" float32[?,5,5,2]');
  });

  test('are identified by their content and preparation', async () => {
    const one = folderOf({ 'a/x.png': grey(1), 'b/y.png': grey(2) });
    const same = folderOf({ 'a/p.png': grey(1), 'b/q.png': grey(2) });
    const other = folderOf({ 'a/x.png': grey(1), 'b/y.png': grey(3) });
    const identity = async (path: string, options: DataOptions = {}) => (await openData(path, wants(shape), options)).identity;
    expect(await identity(one())).toBe(await identity(same()));
    const all = await Promise.all([
      identity(one()),
      identity(other()),
      identity(one(), { rescale: '2' }),
      identity(one(), { resize: 'area' }),
    ]);
    expect(new Set(all).size).toBe(4);
  });
});

describe('without the image library', () => {
  afterEach(() => void vi.doUnmock('sharp'));

  test('a folder of images says what to install', async () => {
    vi.doMock('sharp', () => {
      throw new Error("Cannot find package 'sharp'");
    });
    const path = folderOf({ 'a/x.png': grey(1) });
    expect(await refusal(openData(path(), wants(['?', 1, 1, 1])))).toMatch('data-image-library: images are decoded by the package sharp');
  });
});
