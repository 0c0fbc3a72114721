/**
 * What text out of a model must not do to whoever reads it: control characters and line separators steer a terminal or end a
 * comment, direction marks show code in another order than it runs in (https://trojansource.codes), what has no width makes two names look
 * like one, lone surrogates are no text.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/gu;

/** Text on one line, a space for each such character. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, ' ');

/** A JSON string, with such characters as escapes. */
export const quoted = (text: string): string =>
  JSON.stringify(text).replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
