import { fail, SkipcError } from '../../diagnostics/error.ts';
import { decodeBmp } from './bmp.ts';
import { MOST_PIXELS, type Pixels } from './pixels.ts';

/** Decodes images. */
export interface Decoder {
  /** Of the libraries behind it: others may give other pixels. */
  readonly version: string;
  /**
   * The pixels as they are stored: without orientation, colour profile or scaling; of 16 bits the upper 8; of an animation the first frame.
   * @throws SkipcError `data-image`, `data-image-kind`
   */
  decode(file: Uint8Array, path: string): Promise<Pixels>;
}

const KINDS: readonly (readonly [kind: 'jpeg' | 'png' | 'gif' | 'bmp', starts: readonly number[]])[] = [
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['png', [0x89, 0x50, 0x4e, 0x47]],
  ['gif', [0x47, 0x49, 0x46, 0x38]],
  ['bmp', [0x42, 0x4d]],
];

/**
 * Loads the image library, sharp.
 * @throws SkipcError `data-image-library` where it is not installed, or does not run here
 */
export async function imageDecoder(): Promise<Decoder> {
  const { default: sharp } = await import('sharp').catch((error: unknown) => {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '').trim() : String(error);
    return fail('data-image-library', { why });
  });
  const decode = async (file: Uint8Array, path: string): Promise<Pixels> => {
    // Told apart by content: the library would decode more kinds than Keras does, drawings and documents among them.
    const kind = KINDS.find(([, starts]) => starts.every((byte, i) => file[i] === byte))?.[0];
    if (kind === undefined) throw new Error(file.length === 0 ? 'the file is empty' : 'it is no JPEG, PNG, GIF or BMP');
    if (kind === 'bmp') return decodeBmp(file);
    const image = sharp(file, { limitInputPixels: MOST_PIXELS, failOn: 'error', ignoreIcc: true });
    if ((await image.metadata()).space === 'cmyk') fail('data-image-kind', { path, kind: 'a JPEG in CMYK' });
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return { height: info.height, width: info.width, channels: info.channels as Pixels['channels'], data };
  };
  return {
    version: `sharp ${sharp.versions.sharp ?? ''}, libvips ${sharp.versions.vips}`,
    decode: (file, path) =>
      decode(file, path).catch((error: unknown) => {
        if (error instanceof SkipcError) throw error;
        return fail('data-image', { path, why: error instanceof Error ? error.message : String(error) });
      }),
  };
}
