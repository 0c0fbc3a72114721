import { MOST_PIXELS, type Pixels } from './pixels.ts';

const BITFIELDS = 3;

/**
 * Decodes an uncompressed BMP (https://learn.microsoft.com/windows/win32/gdi/bitmap-storage): 1, 4 or 8 bits with a palette, 24 or 32 bits.
 * @throws Error saying what is wrong or not supported
 */
export function decodeBmp(file: Uint8Array): Pixels {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 30) throw new Error('it is cut short');
  const start = view.getUint32(10, true);
  const header = view.getUint32(14, true);
  const isCore = header === 12;
  if (!isCore && (header < 40 || file.length < 14 + header)) throw new Error('its header is damaged');
  const width = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const rows = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isCore ? 24 : 28, true);
  const compression = isCore ? 0 : view.getUint32(30, true);
  const height = Math.abs(rows);
  if (width <= 0 || height === 0) throw new Error(`it declares ${width} by ${rows} pixels`);
  if (width * height > MOST_PIXELS) throw new Error(`its ${width} by ${height} pixels are more than ${MOST_PIXELS}`);
  if (
    ![1, 4, 8, 24, 32].includes(bits) ||
    (compression !== 0 && !(compression === BITFIELDS && bits === 32 && isBgra(view, file.length)))
  ) {
    throw new Error(`BMP of ${bits} bits with compression ${compression} is not supported`);
  }
  const stride = Math.floor((width * bits + 31) / 32) * 4;
  if (start + stride * height > file.length) throw new Error('it is cut short');
  const entry = isCore ? 3 : 4;
  const palette = file.subarray(14 + header, start);
  const channels = bits === 32 ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    // Rows stand from the bottom up, unless the height is negative.
    const row = start + stride * (rows < 0 ? y : height - 1 - y);
    for (let x = 0; x < width; x++) {
      const to = (y * width + x) * channels;
      const from = bits >= 24 ? row + (x * bits) / 8 : indexAt(file, row, x, bits) * entry;
      const source = bits >= 24 ? file : palette;
      if (from + 2 >= source.length) throw new Error('a pixel has a colour that its palette lacks');
      for (let channel = 0; channel < 3; channel++) data[to + channel] = source[from + 2 - channel] as number;
      if (channels === 4) data[to + 3] = source[from + 3] as number;
    }
  }
  return { height, width, channels, data };
}

/** The usual masks: blue, green, red, then opacity. */
const isBgra = (view: DataView, length: number): boolean =>
  length >= 66 && view.getUint32(54, true) === 0xff0000 && view.getUint32(58, true) === 0xff00 && view.getUint32(62, true) === 0xff;

/** The palette's index of a pixel of 1, 4 or 8 bits, the first in the highest bits. */
function indexAt(file: Uint8Array, row: number, x: number, bits: number): number {
  const bit = x * bits;
  return ((file[row + (bit >> 3)] as number) >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
}
