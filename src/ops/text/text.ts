import { array, boolean, integer, nullable, object, oneOf, withDefault } from '../../schema/build.ts';
import { code, runtime, tensorType } from '../code.ts';
import { at, free, mismatch, op, takes } from '../row.ts';

const widths = array(integer({ minimum: 1 }), { minItems: 1 });

export const standardize = op({
  doc: 'texts in small letters (A to Z alone), without the punctuation of ASCII, or both',
  attrs: object({ lower: withDefault(boolean, false), strip: withDefault(boolean, false) }),
  arity: 1,
  infer(operands) {
    takes(['str'], 'standardize', operands);
    return at(operands, 0);
  },
  cost: free,
  kernels: [],
  emit: ({ args, attrs: { lower, strip }, results }) =>
    code`${runtime('standardizeTexts')}(${at(args, 0)}, ${lower}, ${strip}) as ${tensorType(at(results, 0).shape.length)}`,
});

export const splitTexts = op({
  doc: 'the words or characters of each text instead of a last axis of one, or n-grams of these `widths`; shorter rows end in empty texts',
  attrs: object({
    by: oneOf('whitespace', 'character'),
    widths: withDefault(nullable(widths), null),
    /** Of the new axis; null is the length of the longest row. */
    length: withDefault(nullable(integer({ minimum: 0 })), null),
  }),
  arity: 1,
  infer(operands, { length }) {
    takes(['str'], 'splitTexts', operands);
    const { shape } = at(operands, 0);
    // The axis of one element goes here, not by a reshape: that of tfjs-node loses texts when its operand is disposed of.
    if (shape.length > 1 && shape.at(-1) !== 1) mismatch('splitTexts takes rank 1, or a last axis of one text', operands);
    return { dtype: 'str', shape: [...(shape.length > 1 ? shape.slice(0, -1) : shape), length] };
  },
  cost: free,
  kernels: [],
  emit: ({ args, attrs: { by, widths, length }, results }) =>
    code`${runtime('splitTexts')}(${at(args, 0)}, ${by}, ${widths}, ${length}) as ${tensorType(at(results, 0).shape.length)}`,
});

export const nGrams = op({
  doc: 'for each of the widths, the texts along the last axis so many at a time with spaces between',
  attrs: object({ widths }),
  arity: 1,
  infer(operands, { widths }) {
    takes(['str'], 'nGrams', operands);
    const { shape } = at(operands, 0);
    const last = shape.at(-1);
    if (last === undefined) mismatch('nGrams takes rank 1 or more', operands);
    const size = typeof last === 'number' ? widths.reduce((sum, width) => sum + Math.max(last - width + 1, 0), 0) : null;
    return { dtype: 'str', shape: [...shape.slice(0, -1), size] };
  },
  cost: free,
  kernels: [],
  emit: ({ args, attrs: { widths }, results }) =>
    code`${runtime('nGrams')}(${at(args, 0)}, ${widths}) as ${tensorType(at(results, 0).shape.length)}`,
});
