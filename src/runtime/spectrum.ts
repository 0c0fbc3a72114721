import { type Tensor, tensor } from '@tensorflow/tfjs-core';

/** [rows, columns]: cos or sin of 2 pi row column / period, each to the last digit. */
export function waveTable(part: 'cos' | 'sin', rows: number, columns: number, period: number): Tensor {
  const cycle = Float32Array.from({ length: period }, (_, i) => Math[part]((2 * Math.PI * i) / period));
  const values = new Float32Array(rows * columns);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) values[i++] = cycle[(row * column) % period] ?? 0;
  }
  return tensor(values, [rows, columns], 'float32');
}

/** So many numbers at equal distances from the one to the other, in single precision. */
function evenlySpaced(from: number, to: number, count: number): number[] {
  const f = Math.fround;
  return Array.from({ length: count }, (_, i) => {
    const share = f(i / (count - 1));
    return i === count - 1 ? f(to) : f(f(f(from) * f(1 - share)) + f(f(to) * share));
  });
}

/**
 * [bins, bands]: how much of each bin of a spectrum belongs to each band of the mel scale (HTK's: 1127 ln(1 + f / 700)):
 * triangles between the edges, which lie at equal distances. In single precision, as Keras computes them: a narrow band's
 * weights depend on it.
 */
export function melBands(bins: number, bands: number, rate: number, low: number, high: number): Tensor {
  const f = Math.fround;
  const mel = (hertz: number): number => f(1127 * f(Math.log(f(1 + f(hertz / 700)))));
  const edges = evenlySpaced(mel(f(low)), mel(f(high)), bands + 2);
  const values = new Float32Array(bins * bands);
  evenlySpaced(0, f(rate / 2), bins).forEach((hertz, bin) => {
    // The bin of the mean belongs to no band.
    if (bin === 0) return;
    const at = mel(hertz);
    for (let band = 0; band < bands; band++) {
      const [left, centre, right] = [edges[band] ?? 0, edges[band + 1] ?? 0, edges[band + 2] ?? 0];
      const rising = f(f(at - left) / f(centre - left));
      const falling = f(f(right - at) / f(right - centre));
      values[bin * bands + band] = Math.max(0, Math.min(rising, falling));
    }
  });
  return tensor(values, [bins, bands], 'float32');
}
