/** How long text is shown on a terminal. */

const NARROWEST = 40;
const USUAL = 80;

/** Columns of a terminal; 80 where there is none, so that logs look the same everywhere. */
export const columnsOf = (stream: { readonly isTTY?: boolean; readonly columns?: number }): number =>
  stream.isTTY === true && stream.columns !== undefined ? Math.max(stream.columns, NARROWEST) : USUAL;

/**
 * Pieces in lines of at most `width` characters, a piece that is longer on a line of its own.
 * @param separator what stands between two pieces of one line, and behind the last where another line follows
 */
export function wrap(
  pieces: readonly string[],
  separator: string,
  width: number,
  lengthOf = (piece: string): number => piece.length,
): string[] {
  const lines: string[] = [];
  let line = '';
  let length = 0;
  for (const piece of pieces) {
    const added = lengthOf(piece);
    if (line !== '' && length + separator.length + added > width) {
      lines.push(line + separator.trimEnd());
      line = '';
      length = 0;
    }
    length += (line === '' ? 0 : separator.length) + added;
    line = line === '' ? piece : line + separator + piece;
  }
  return line === '' ? lines : [...lines, line];
}
