/** A decoded image: bytes, row by row, a pixel's channels beside each other; four channels end with the opacity. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array;
}

/** Pixels of one image at most: some 400 MB once decoded. */
export const MOST_PIXELS = 2 ** 27;

/** libpng's weights of red, green and blue, ITU-R 601 in 15 bits: what TensorFlow decodes PNG to grey with. */
const RED = 9798;
const GREEN = 19235;
const BLUE = 3735;

/**
 * The image in other channels, as TensorFlow decodes to them: grey is repeated, colours are weighed (ITU-R 601), opacity is dropped
 * without blending, and full where there was none.
 */
export function inChannels(image: Pixels, channels: 1 | 3 | 4): Pixels {
  if (image.channels === channels) return image;
  const { height, width, data } = image;
  const count = height * width;
  const from = image.channels;
  const out = new Uint8Array(count * channels);
  for (let i = 0; i < count; i++) {
    const red = data[i * from] as number;
    const green = from < 3 ? red : (data[i * from + 1] as number);
    const blue = from < 3 ? red : (data[i * from + 2] as number);
    if (channels === 1) {
      out[i] = (RED * red + GREEN * green + BLUE * blue + 16384) >> 15;
      continue;
    }
    out[i * channels] = red;
    out[i * channels + 1] = green;
    out[i * channels + 2] = blue;
    if (channels === 4) out[i * 4 + 3] = from === 2 || from === 4 ? (data[(i + 1) * from - 1] as number) : 255;
  }
  return { height, width, channels, data: out };
}
