import type { Value } from '../ir/program.ts';
import { brief } from '../schema/validate.ts';
import type { Lowering } from './row.ts';

/** The axes of a tensor by name: a letter of the equation, or `.n` for the n-th axis from the right under an ellipsis. */
export type Labels = readonly string[];

export interface Equation {
  readonly operands: readonly Labels[];
  readonly output: Labels;
}

const TERM = /^([A-Za-z]*)(\.\.\.)?([A-Za-z]*)$/;

/**
 * An Einstein summation in numpy's notation, for operands of known rank. Without `->`, the output is what stands under the ellipsis,
 * then every letter that occurs once, in alphabetical order.
 * @throws SkipcError `shape-mismatch` where the equation is none, or does not fit the operands
 */
export function parseEquation(layer: Lowering, equation: string, operands: readonly Value[]): Equation {
  const [left = '', right, ...rest] = equation.replaceAll(' ', '').split('->');
  const terms = left.split(',');
  if (rest.length > 0 || terms.length !== operands.length)
    return layer.mismatch(`the equation ${brief(equation)} is not for so many tensors`, `${operands.length}`);
  const inputs = operands.map(({ type: { shape } }, i) => labelsOf(layer, terms[i] ?? '', shape.length, equation));
  const all = inputs.flat();
  const hidden = [...new Set(all.filter((label) => label.startsWith('.')))].sort((a, b) => Number(b.slice(1)) - Number(a.slice(1)));
  const once = all.filter((label) => !label.startsWith('.') && all.indexOf(label) === all.lastIndexOf(label));
  const output =
    right === undefined
      ? [...hidden, ...once.sort()]
      : labelsOf(layer, right, right.includes('...') ? right.length - 3 + hidden.length : right.length, equation);
  const stray = output.find((label, i) => !all.includes(label) || output.indexOf(label) !== i);
  if (stray !== undefined || hidden.some((label) => !output.includes(label)))
    return layer.mismatch(`the output of the equation ${brief(equation)} does not follow from its inputs`, brief(right ?? ''));
  return { operands: inputs, output };
}

function labelsOf(layer: Lowering, term: string, rank: number, equation: string): Labels {
  const [, before, dots, after] = TERM.exec(term) ?? layer.mismatch('this is no equation of einsum', brief(equation));
  const [first, last] = [[...(before ?? '')], [...(after ?? '')]];
  const hidden = rank - first.length - last.length;
  if (hidden < 0 || (hidden > 0 && dots === undefined))
    return layer.mismatch(`${brief(term)} in the equation ${brief(equation)} does not name the axes of a tensor of rank`, `${rank}`);
  return [...first, ...Array.from({ length: hidden }, (_, i) => `.${hidden - i}`), ...last];
}
