import picocolors from 'picocolors';

/** Colours only where a person looks: on a terminal, unless NO_COLOR (https://no-color.org) is set. */
const colorsFor = (stream: { readonly isTTY?: boolean }) => picocolors.createColors(stream.isTTY === true && !process.env['NO_COLOR']);

export const onStdout = colorsFor(process.stdout);
export const onStderr = colorsFor(process.stderr);
