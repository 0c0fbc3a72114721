import { entry, list } from './entry.ts';

const shown = (shape: readonly (number | string)[]): string => `[${shape.join(',')}]`;

/** Labelled data that a program is evaluated on. */
export const data = {
  'data-not-found': entry<{ path: string }>(
    'invalid',
    ({ path }) => `there is no file or folder ${JSON.stringify(path)}`,
    () => 'check the path; it is taken relative to the current directory',
  ),
  'data-unreadable': entry<{ path: string; why: string }>(
    'invalid',
    ({ path, why }) => `cannot read ${JSON.stringify(path)}: ${why}`,
    () => 'check that you may read it',
  ),
  'data-unknown': entry<{ path: string; found: string }>(
    'invalid',
    ({ path, found }) => `${JSON.stringify(path)} is no data that can be read: ${found}`,
    () => 'give a folder with a sub-folder of images for each class, a .npz or .npy file, or a CSV in UTF-8',
  ),
  'data-empty': entry<{ what: string }>(
    'invalid',
    ({ what }) => `${what} holds no samples`,
    () => 'check the path: in a folder each class is a sub-folder of .jpg, .png, .gif or .bmp files, a CSV has lines below its header',
  ),
  'data-missing': entry<{ what: string; has: readonly string[]; option: string }>(
    'invalid',
    ({ what, has }) => `the data does not say what ${what} is; it has ${has.length === 0 ? 'nothing else' : list(has)}`,
    ({ what, option }) => `name it as ${what} is called, or ${option}`,
  ),
  'data-columns': entry<{ input: string; needed: string; columns: readonly string[] }>(
    'invalid',
    ({ input, needed, columns }) =>
      `the input ${JSON.stringify(input)} takes ${needed}, where ${columns.length} ${columns.length === 1 ? 'column is' : 'columns are'} there: ${list(columns)}`,
    ({ input }) => `remove the columns that are no inputs, or call those of an input after it: ${input}.0, ${input}.1 and so on`,
  ),
  'data-shape': entry<{ what: string; found: readonly number[]; expected: readonly (number | string)[]; of: string }>(
    'invalid',
    ({ what, found, expected, of }) => `${what} has the shape ${shown(found)}, where ${of} takes ${shown(expected)}`,
    () => 'reshape the data; its first axis counts the samples',
  ),
  'data-dtype': entry<{ what: string; found: string; expected: string }>(
    'invalid',
    ({ what, found, expected }) => `${what} holds ${found}, where ${expected} are needed`,
    () => 'save it as an array of plain numbers (or texts, where the model takes texts)',
  ),
  'data-value': entry<{ what: string; at: string; found: string; expected: string }>(
    'invalid',
    ({ what, at, found, expected }) => `${what}, ${at}: found ${found}, expected ${expected}`,
    () => 'correct the value there, or leave the sample out',
  ),
  'data-samples': entry<{ one: string; count: number; other: string; otherCount: number }>(
    'invalid',
    ({ one, count, other, otherCount }) => `${one} has ${count} samples, ${other} has ${otherCount}`,
    () => 'give as many labels (and weights) as there are inputs, in the same order',
  ),
  'data-class': entry<{ what: string; at: string; label: string; output: string; most: number }>(
    'invalid',
    ({ what, at, label, output, most }) =>
      `${what}, ${at}: the label ${label} is none of the classes 0 to ${most} that the output ${JSON.stringify(output)} tells apart`,
    () => 'count classes from zero, or name those that the model knows with --classes',
  ),
  'data-classes': entry<{ classes: readonly string[]; output: string; units: number }>(
    'invalid',
    ({ classes, output, units }) =>
      `the data has ${classes.length} classes (${list(classes)}), the output ${JSON.stringify(output)} tells ${units} apart`,
    () => 'choose another --output, or leave out what the model was not trained on',
  ),
  'data-classes-unlisted': entry<{ classes: readonly string[]; output: string; units: number }>(
    'invalid',
    ({ classes, output, units }) =>
      `the data has ${classes.length} of the ${units} classes that the output ${JSON.stringify(output)} tells apart: ${list(classes)}`,
    () => 'list them all with --classes, in the order of the model: else nobody knows which of its units these are',
  ),
  'data-class-unlisted': entry<{ name: string; what: string; classes: readonly string[] }>(
    'invalid',
    ({ name, what, classes }) => `${what} has the class ${JSON.stringify(name)}, which is not among those listed: ${list(classes)}`,
    () => 'add it to --classes, in the place of its unit in the model',
  ),
  'data-option': entry<{ option: string; given: string; expected: string }>(
    'invalid',
    ({ option, given }) => `${option} cannot be ${JSON.stringify(given.slice(0, 100))}`,
    ({ option, expected }) => `${option} takes ${expected}`,
  ),
  'data-table': entry<{ why: string }>(
    'invalid',
    ({ why }) => `this CSV cannot be read: ${why}`,
    () => 'give all lines as many cells as the header, and quote what holds commas, quotes or line ends',
  ),
  'data-image': entry<{ path: string; why: string }>(
    'invalid',
    ({ path, why }) => `the image ${JSON.stringify(path)} cannot be decoded: ${why}`,
    () => 'remove the file, or save the image again as JPEG or PNG',
  ),
  'data-image-kind': entry<{ path: string; kind: string }>(
    'unsupported',
    ({ path, kind }) => `the image ${JSON.stringify(path)} is ${kind}, which is not decoded here as Keras decodes it`,
    () => 'save the image again as RGB, in JPEG or PNG',
  ),
  'data-image-library': entry<{ why: string }>(
    'invalid',
    ({ why }) => `images are decoded by the package sharp, which cannot be loaded: ${why}`,
    () => 'install it: npm install sharp; .npz, .npy and CSV files need nothing more',
  ),
  'data-image-input': entry<{ inputs: readonly string[] }>(
    'invalid',
    ({ inputs }) => `a folder of images is data for one input of images [?,height,width,1, 3 or 4]; the program takes ${inputs.join(', ')}`,
    () => 'give the data as .npz or CSV, or cut the program at its image input with --input',
  ),
  'data-image-size': entry<{ path: string; found: string; other: string }>(
    'invalid',
    ({ path, found, other }) => `the image ${JSON.stringify(path)} is ${found}, another of the same batch ${other}`,
    () => 'the model takes images of any size: say to which they are resized, --image-size HEIGHT,WIDTH',
  ),
  'data-too-large': entry<{ what: string; bytes: number; most: number }>(
    'invalid',
    ({ what, bytes, most }) => `${what} would take ${bytes} bytes of memory, more than the ${most} that are taken at once`,
    () => 'evaluate with a smaller batch size, or save arrays row by row (C order) and without compression',
  ),
} as const;
