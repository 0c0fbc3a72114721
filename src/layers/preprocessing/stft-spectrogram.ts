import type { Value } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import { boolean, integer, nullable, object, oneOf, withDefault } from '../../schema/build.ts';
import { dataFormat } from '../convolutional/layout.ts';
import { type Lowering, layer } from '../row.ts';

/** Keras's epsilon. */
const LEAST = 1e-7;

type Mode = 'log' | 'magnitude' | 'psd' | 'real' | 'imag' | 'angle' | 'stft';

export const stftSpectrogram = layer({
  className: 'STFTSpectrogram',
  doc: 'the short-time Fourier transform of each channel, by kernels that may be trained',
  only: 3,
  onMask: 'drops',
  config: object({
    mode: withDefault(oneOf('log', 'magnitude', 'psd', 'real', 'imag', 'angle', 'stft'), 'log'),
    frame_length: withDefault(integer({ minimum: 1 }), 256),
    frame_step: withDefault(nullable(integer({ minimum: 1 })), null),
    fft_length: withDefault(nullable(integer({ minimum: 1 })), null),
    padding: withDefault(oneOf('valid', 'same'), 'valid'),
    expand_dims: withDefault(boolean, false),
    data_format: dataFormat,
  }),
  lower(layer) {
    const { mode, frame_length: length, frame_step, fft_length } = layer.config;
    const step = frame_step ?? Math.max(Math.floor(length / 2), 1);
    if (step > length) return layer.mismatch('frame_step is at most frame_length', `${step} > ${length}`);
    const frequencies = Math.floor((fft_length ?? 2 ** Math.ceil(Math.log2(length))) / 2) + 1;
    const { shape } = layer.x.type;
    if (shape.length !== 3) return layer.mismatch('STFTSpectrogram takes sequences of channels: rank 3', shape);
    const first = layer.config.data_format === 'channels_first';
    const channels = shape[first ? 1 : 2] ?? 1;
    const time = shape[first ? 2 : 1] ?? 1;
    if (!isKnown(channels)) return layer.mismatch('STFTSpectrogram takes a known number of channels', shape);

    const kernels = (['real', 'imag'] as const).flatMap((part) =>
      (part === 'real' ? mode === 'imag' : mode === 'real') ? [] : [layer.weight(`${part}_kernel`, [length, 1, frequencies])],
    );
    const turned = first || channels === 1 ? layer.x : layer.op('transpose', [layer.x], { perm: [0, 2, 1] }, 'by_channel');
    const signals = layer.op('reshape', [turned], { shape: [null, 1, time, 1] }, 'signals');
    const parts = kernels.map((kernel, i) => {
      const role = i === 0 && mode !== 'imag' ? 'real' : 'imag';
      const window = layer.op('reshape', [kernel], { shape: [1, length, 1, frequencies] }, `${role}_window`);
      return layer.op('conv2d', [signals, window], { strides: [1, step], pad: layer.config.padding }, role);
    });
    const [batch = 1] = shape;
    const values = combined(layer, parts, mode);
    const [, , frames = 1, bins = 1] = values.type.shape;
    const apart = layer.op('reshape', [values], { shape: [batch, channels, frames, bins] }, 'spectra');
    return arranged(layer, apart, first);
  },
});

/** What is given of the real and imaginary parts; frequencies are the last axis. */
function combined(layer: Lowering, [a, b]: readonly Value[], mode: Mode): Value {
  if (a === undefined) throw new RangeError('a transform has a part');
  if (b === undefined) return a;
  if (mode === 'angle') return layer.op('atan2', [b, a], {}, 'angle');
  if (mode === 'stft') return layer.op('concat', [a, b], { axis: 3 }, 'stft');
  const power = layer.op('add', [layer.op('square', [a], {}, 'real_squares'), layer.op('square', [b], {}, 'imag_squares')], {}, 'power');
  if (mode === 'psd') return bothSides(layer, power);
  const magnitude = layer.op('sqrt', [layer.op('maximum', [power, layer.scalar(LEAST, 'least')], {}, 'bounded')], {}, 'magnitude');
  // The root of the least power is above the least magnitude.
  return mode === 'magnitude' ? magnitude : layer.op('log', [magnitude], {}, 'log');
}

/** Every frequency but the first and last stands for its conjugate, too. */
function bothSides(layer: Lowering, power: Value): Value {
  const bins = Number(power.type.shape[3]);
  if (bins <= 2) return power;
  const inner = layer.op('slice', [power], { begin: [0, 0, 0, 1], size: [null, null, null, bins - 2] }, 'inner');
  const paddings = [
    [0, 0],
    [0, 0],
    [0, 0],
    [1, 1],
  ];
  return layer.op('add', [power, layer.op('pad', [inner], { paddings, value: 0 }, 'conjugates')], {}, 'psd');
}

/** [batch, channels, frames, frequencies] in the layer's layout. */
function arranged(layer: Lowering<{ expand_dims: boolean }>, spectra: Value, first: boolean): Value {
  const [batch = 1, channels = 1, frames = 1, bins = 1] = spectra.type.shape;
  if (layer.config.expand_dims) return first ? spectra : layer.op('transpose', [spectra], { perm: [0, 2, 3, 1] });
  const size = Number(channels) * Number(bins);
  const perm = first ? [0, 1, 3, 2] : [0, 2, 1, 3];
  const turned = layer.op('transpose', [spectra], { perm }, 'turned');
  return layer.op('reshape', [turned], { shape: first ? [batch, size, frames] : [batch, frames, size] });
}
