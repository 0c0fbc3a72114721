/**
 * How wide text may get, before anything draws it. Fonts differ from one machine to the next: these are widths that the wide ones among
 * the usual ones (DejaVu Sans, Verdana) keep to.
 */

const MONO = 0.61;
const FULL = 1.02;

/** Of text in a monospaced font, in the units of its size. */
export const monoWidth = (text: string, size: number): number =>
  [...text].reduce((sum, character) => sum + (isWide(character) ? FULL : MONO), 0) * size;

/** Of text in a proportional font. */
export const sansWidth = (text: string, size: number): number => [...text].reduce((sum, character) => sum + widthOf(character), 0) * size;

const CLASSES: readonly (readonly [RegExp, number])[] = [
  [/[ijlI.,:;'|![\](){}ftr ]/, 0.4],
  [/[mwMW@%]/, 0.96],
  [/[A-Z]/, 0.72],
];
const USUAL = 0.635;

const widthOf = (character: string): number =>
  CLASSES.find(([pattern]) => pattern.test(character))?.[1] ?? (isWide(character) ? FULL : USUAL);

/** Scripts whose characters are as wide as high, emoji, and whatever else is not known. */
const isWide = (character: string): boolean => (character.codePointAt(0) ?? 0) > 0x24f && !/[\u2010-\u2027\u00d7\u2192]/.test(character);

/** Text of at most so many characters, without its middle where it is longer: names differ at both ends. */
export function shortened(text: string, longest: number): string {
  const characters = [...text];
  if (characters.length <= longest) return text;
  const head = Math.floor((longest - 1) / 3);
  return `${characters.slice(0, head).join('')}\u2026${characters.slice(characters.length - (longest - 1 - head)).join('')}`;
}
