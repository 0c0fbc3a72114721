import type { Value } from '../../ir/program.ts';
import { type Dim, isKnown } from '../../ir/types.ts';
import { resizing } from '../preprocessing/resizing.ts';
import type { LayerRow } from '../row.ts';
import type { Call } from './call.ts';
import { asLayer } from './nn.ts';
import { type Operation, operation } from './operation.ts';

/** Images [batch, height, width, channels], or one of them without the batch. */

const isFirst = (call: Call): boolean => call.text('data_format', 'channels_last') === 'channels_first';

/** Runs work on a batch, also where there is one image alone. */
function onBatch(call: Call, images: Value, work: (images: Value) => Value): Value {
  const { shape } = images.type;
  if (shape.length === 4) return work(images);
  if (shape.length !== 3) return call.mismatch('images', shape);
  const result = work(call.layer.op('reshape', [images], { shape: [1, ...shape] }, 'batch'));
  return call.layer.op('reshape', [result], { shape: result.type.shape.slice(1) });
}

const resize = operation({
  keras: 'image.Resize',
  call: 'images',
  tf: { 'image.resize image.resize_v2': 'images size method:interpolation preserve_aspect_ratio antialias' },
  doc: 'images at another size, by bilinear interpolation or the nearest pixel',
  lower(call) {
    call.only('preserve_aspect_ratio', false);
    const [height = 0, width = 0] = call.integers('size');
    const config = {
      height,
      width,
      interpolation: call.text('interpolation', 'bilinear'),
      antialias: call.flag('antialias', false),
      crop_to_aspect_ratio: call.flag('crop_to_aspect_ratio', false),
      pad_to_aspect_ratio: call.flag('pad_to_aspect_ratio', false),
      fill_mode: call.text('fill_mode', 'constant'),
      fill_value: call.number('fill_value', 0),
      data_format: call.text('data_format', 'channels_last'),
    };
    return onBatch(call, call.tensor('images'), (images) => asLayer(call, resizing as unknown as LayerRow, images, config));
  },
});

/** ITU-R BT.601, in the digits that Keras has. */
const SHARES = [0.2989, 0.587, 0.114];

const grayscale = operation({
  keras: 'image.RGBToGrayscale',
  call: 'images',
  tf: { 'image.rgb_to_grayscale': 'images' },
  doc: 'the brightness of colour images',
  lower(call) {
    const given = call.tensor('images');
    if (given.type.dtype !== 'f32') return call.unsupported('integers, to which the result is rounded', 'cast to float32 first');
    const axis = given.type.shape.length - (isFirst(call) ? 3 : 1);
    if (given.type.shape[axis] !== 3) return call.mismatch('three channels', given.type.shape);
    const shares = call.layer.constant(
      SHARES,
      given.type.shape.slice(axis).map((_, i) => (i === 0 ? 3 : 1)),
      'shares',
    );
    return call.layer.op('sum', [call.layer.op('mul', [given, shares], {}, 'weighted')], { axes: [axis], keepDims: true });
  },
});

/** Margins on the four sides, two of three numbers being given for each direction. */
function margins(call: Call, size: Dim, names: readonly [string, string, string], sign: 1 | -1): readonly [number, number] {
  const [first, last, target] = names.map((name) => (call.has(name) ? call.integer(name) : null)) as [
    number | null,
    number | null,
    number | null,
  ];
  if (first !== null && last !== null) return [first, last];
  if (target === null || !isKnown(size))
    return call.unsupported('margins that follow from a size that is not known', 'name the margins on both sides');
  const total = sign * (target - size);
  if (first !== null) return [first, total - first];
  return last !== null ? [total - last, last] : call.mismatch(`${names[0]} or ${names[1]}`, null);
}

function framing(keras: string, sides: 'padding' | 'cropping', doc: string): Operation {
  return operation({
    keras,
    call: 'images',
    ...(sides === 'padding'
      ? {
          tf: {
            'image.pad_to_bounding_box': 'image:images offset_height:top_padding offset_width:left_padding target_height target_width',
          },
        }
      : {
          tf: {
            'image.crop_to_bounding_box': 'image:images offset_height:top_cropping offset_width:left_cropping target_height target_width',
          },
        }),
    doc,
    lower(call) {
      const x = call.tensor('images');
      const { shape } = x.type;
      const height = shape.length - (isFirst(call) ? 2 : 3);
      const sign = sides === 'padding' ? 1 : -1;
      const rows = margins(call, shape[height] as Dim, [`top_${sides}`, `bottom_${sides}`, 'target_height'], sign);
      const columns = margins(call, shape[height + 1] as Dim, [`left_${sides}`, `right_${sides}`, 'target_width'], sign);
      const around = shape.map((_, i) => (i === height ? rows : i === height + 1 ? columns : ([0, 0] as const)));
      if (around.flat().some((margin) => margin < 0)) return call.mismatch('margins from 0 on', around);
      if (sides === 'padding') return call.layer.op('pad', [x], { paddings: around, value: 0 });
      const size = shape.map((dim, i) => {
        const [before, after] = around[i] as readonly [number, number];
        if (before + after === 0) return null;
        return isKnown(dim)
          ? dim - before - after
          : call.unsupported('an image of unknown size', "give the size in the shape of the model's input");
      });
      if (size.some((count) => count !== null && count < 1)) return call.mismatch('margins within the image', around);
      return call.layer.op('slice', [x], { begin: around.map(([before]) => before), size });
    },
  });
}

export const imageOperations: readonly Operation[] = [
  resize,
  grayscale,
  framing('image.PadImages', 'padding', 'zeros around images'),
  framing('image.CropImages', 'cropping', 'images without their margins'),
];
