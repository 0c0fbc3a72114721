import { type Dim, elements, factorOf, isKnown, type TensorType, times } from '../../ir/types.ts';
import { array, either, integer, nullable, object, string } from '../../schema/build.ts';
import { type Code, code, tf } from '../code.ts';
import { at, free, mismatch, op } from '../row.ts';

/**
 * `shape` holds sizes, symbols of the operand's own shape, and at most one null: the size that follows from the others
 * and that no symbol names.
 */
export const reshape = op({
  doc: 'the same elements in row-major order under another shape',
  attrs: object({ shape: array(nullable(either(integer({ minimum: 0 }), string))) }),
  arity: 1,
  infer(operands, { shape }) {
    const x = at(operands, 0);
    const symbols = new Set(x.shape.filter((dim) => !isKnown(dim)));
    const free = shape.filter((dim) => dim === null || (!isKnown(dim) && !symbols.has(dim)));
    if (free.length > 1) mismatch(`reshape to [${shape.join(',')}] leaves more than one size open`, operands);
    const sizes = shape.map((dim): Dim => dim ?? 1);
    if (free.length === 0 && sameSymbols(x.shape, sizes) && elements(x.shape) !== elements(sizes)) {
      mismatch(`reshape to [${shape.join(',')}] would change the number of elements`, operands);
    }
    return { dtype: x.dtype, shape: shape.map((dim) => dim ?? remaining(x.shape, shape)) };
  },
  cost: free,
  kernels: ['Reshape'],
  emit: ({ args, attrs, operands }) => code`${tf('reshape')}(${at(args, 0)}, ${targetShape(at(args, 0), attrs.shape, at(operands, 0))})`,
});

const symbolsOf = (shape: readonly Dim[]): string =>
  shape
    .filter((dim) => !isKnown(dim))
    .sort()
    .join();
const sameSymbols = (a: readonly Dim[], b: readonly Dim[]): boolean => symbolsOf(a) === symbolsOf(b);

/** The size that the others leave, as a multiple of the one symbol that the operand has; null where that is not one. */
function remaining(from: readonly Dim[], to: readonly (Dim | null)[]): Dim | null {
  const symbols = from.filter((dim) => !isKnown(dim) && !to.includes(dim));
  const [symbol] = symbols;
  const kept = to.filter((dim): dim is Dim => dim !== null);
  const factor = elements(from) / elements(kept);
  if (symbol === undefined) return Number.isInteger(factor) ? factor : null;
  return symbols.length === 1 && typeof symbol === 'string' && Number.isInteger(factor) ? times(symbol, factor / factorOf(symbol)) : null;
}

/** The shape as the module writes it: one open size is -1, a further one is read off the operand when it runs. */
export function targetShape(x: Code, shape: readonly (Dim | null)[], operand: TensorType): readonly (Code | number)[] {
  const open = shape.filter((dim) => dim === null || !isKnown(dim));
  const inferred = open.find((dim) => dim === null || !operand.shape.includes(dim)) ?? open[0];
  let given = false;
  return shape.map((dim) => {
    if (dim !== null && isKnown(dim)) return dim;
    if (dim === inferred && !given) {
      given = true;
      return -1;
    }
    return code`${x}.shape[${operand.shape.indexOf(dim as Dim)}]`;
  });
}
