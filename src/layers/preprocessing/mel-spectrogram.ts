import type { Value } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import { isTable } from '../../ops/signal/spectrum.ts';
import { array, boolean, either, integer, nullable, number, object, string, withDefault } from '../../schema/build.ts';
import { type Lowering, layer } from '../row.ts';
import { windowOf } from './window.ts';

export const melSpectrogram = layer({
  className: 'MelSpectrogram',
  doc: 'the power of a signal in bands of the mel scale, frame by frame, in decibels',
  only: 3,
  onMask: 'drops',
  config: object({
    fft_length: withDefault(integer({ minimum: 1 }), 2048),
    sequence_stride: withDefault(integer({ minimum: 1 }), 512),
    sequence_length: withDefault(nullable(integer({ minimum: 0 })), null),
    window: withDefault(nullable(either(string, array(number()))), 'hann'),
    sampling_rate: withDefault(number({ exclusiveMinimum: 0 }), 16000),
    num_mel_bins: withDefault(integer({ minimum: 1 }), 128),
    min_freq: withDefault(number({ minimum: 0 }), 20),
    max_freq: withDefault(nullable(number({ minimum: 0 })), null),
    power_to_db: withDefault(boolean, true),
    top_db: withDefault(number(), 80),
    mag_exp: withDefault(number(), 2),
    min_power: withDefault(number(), 1e-10),
    ref_power: withDefault(number(), 1),
  }),
  lower(layer) {
    const {
      fft_length: period,
      sequence_length,
      window,
      num_mel_bins: bands,
      sampling_rate: rate,
      max_freq,
      min_freq,
      mag_exp,
    } = layer.config;
    const length = sequence_length || period;
    const columns = Math.floor(period / 2) + 1;
    if (length > period) return layer.mismatch('sequence_length is at most fft_length', `${length} > ${period}`);
    if (!isTable(length, 2 * columns) || !isTable(columns, bands))
      return layer.unsupported(`MelSpectrogram over ${columns} frequencies, whose table would be too large`, 'choose a smaller fft_length');
    const { shape } = layer.x.type;
    if (shape.length !== 1 && shape.length !== 2) return layer.mismatch('MelSpectrogram takes [time] or [batch, time]', shape);
    const signals = shape.length === 1 ? layer.op('reshape', [layer.x], { shape: [1, ...shape] }, 'signals') : layer.x;

    const power = powerOf(
      layer,
      reflected(layer, signals, period, length),
      transform(layer, length, columns, period, windowOf(layer, window, length)),
    );
    const spectrum = raised(layer, power, mag_exp / 2);
    const high = max_freq || Math.trunc(rate / 2);
    const mel = layer.op('melBands', [], { bins: columns, bands, rate, low: min_freq, high }, 'mel_bands');
    const summed = layer.op('matMul', [spectrum, mel], {}, 'bands');
    const scaled = layer.config.power_to_db ? inDecibels(layer, summed) : summed;
    const turned = layer.op('transpose', [scaled], { perm: [0, 2, 1] }, 'by_band');
    return shape.length === 1 ? layer.op('reshape', [turned], { shape: turned.type.shape.slice(1) }) : turned;
  },
});

/**
 * Signals [batch, time] with both ends mirrored outwards, so that a frame lies around each place. Keras mirrors half an
 * fft_length and has zeros where a shorter frame does not reach: what only meets those is left out.
 */
function reflected(layer: Lowering, x: Value, period: number, length: number): Value {
  const before = Math.floor((period - length) / 2);
  const half = Math.floor(period / 2);
  const [left, right] = [half - before, half - (period - length - before)];
  const time = x.type.shape[1] ?? 1;
  if (isKnown(time) && time <= Math.max(left, right))
    return layer.mismatch(`MelSpectrogram takes more than ${Math.max(left, right)} samples`, x.type.shape);
  const mirror = (value: Value, role: string): Value => layer.op('reverse', [value], { axes: [1] }, role);
  const part = (value: Value, size: number, role: string): Value => layer.op('slice', [value], { begin: [0, 1], size: [null, size] }, role);
  const start = left === 0 ? [] : [mirror(part(x, left, 'first'), 'left')];
  const end = right === 0 ? [] : [part(mirror(x, 'backwards'), right, 'right')];
  return start.length + end.length === 0 ? x : layer.op('concat', [...start, x, ...end], { axis: 1 }, 'reflected');
}

/** The real and imaginary parts of a discrete Fourier transform of windowed frames, as a convolution kernel. */
function transform(layer: Lowering, rows: number, columns: number, period: number, window: readonly number[] | null): Value {
  const wave = (part: 'cos' | 'sin'): Value => layer.op('waves', [], { part, rows, columns, period }, part);
  const both = layer.op('concat', [wave('cos'), wave('sin')], { axis: 1 }, 'waves');
  const windowed = window === null ? both : layer.op('mul', [both, layer.constant(window, [rows, 1], 'window')], {}, 'windowed');
  return layer.op('reshape', [windowed], { shape: [1, rows, 1, 2 * columns] }, 'kernel');
}

/** [batch, frames, frequencies]: the sum of the squares of both parts. When a frame begins does not change it. */
function powerOf(layer: Lowering<{ sequence_stride: number }>, signals: Value, kernel: Value): Value {
  const [batch = 1, time = 1] = signals.type.shape;
  const columns = Number(kernel.type.shape[3]) / 2;
  const rows = layer.op('reshape', [signals], { shape: [batch, 1, time, 1] }, 'rows');
  const strides = [1, layer.config.sequence_stride];
  const parts = layer.op('conv2d', [rows, kernel], { strides, pad: 'valid' }, 'parts');
  const frames = layer.op('reshape', [parts], { shape: [batch, parts.type.shape[2] ?? 1, 2 * columns] }, 'frames');
  const squares = layer.op('square', [frames], {}, 'squares');
  const side = (from: number, role: string): Value =>
    layer.op('slice', [squares], { begin: [0, 0, from], size: [null, null, columns] }, role);
  return layer.op('add', [side(0, 'real_squares'), side(columns, 'imaginary_squares')], {}, 'power');
}

function raised(layer: Lowering, power: Value, exponent: number): Value {
  if (exponent === 1) return power;
  if (exponent === 0.5) return layer.op('sqrt', [power], {}, 'magnitude');
  return layer.op('pow', [power, layer.scalar(exponent, 'exponent')], {}, 'raised');
}

/** 10 log10(x / ref_power), nothing further than top_db below the largest of the whole batch. */
function inDecibels(layer: Lowering<{ min_power: number; ref_power: number; top_db: number }>, x: Value): Value {
  const { min_power: least, ref_power, top_db } = layer.config;
  const bounded = layer.op('maximum', [x, layer.scalar(least, 'min_power')], {}, 'bounded');
  const log = layer.op('log', [bounded], {}, 'log');
  const decibels = layer.op('mul', [log, layer.scalar(10 / Math.LN10, 'decibel')], {}, 'decibels');
  const reference = 10 * Math.log10(Math.max(Math.abs(ref_power), least));
  const relative = reference === 0 ? decibels : layer.op('sub', [decibels, layer.scalar(reference, 'ref_power')], {}, 'relative');
  const loudest = layer.op('max', [relative], { axes: [0, 1, 2], keepDims: true }, 'loudest');
  const floor = layer.op('sub', [loudest, layer.scalar(top_db, 'top_db')], {}, 'floor');
  return layer.op('maximum', [relative, floor], {}, 'audible');
}
