import { baseOf, type Dim, elements, factorOf, isKnown, sameType, type TensorType, times } from '../../ir/types.ts';
import { array, either, integer, nullable, object, string } from '../../schema/build.ts';
import { type Code, code } from '../code.ts';
import { kernelFunction } from '../kernel.ts';
import { at, free, mismatch, op } from '../row.ts';

const RESHAPE = kernelFunction({ name: 'reshape', kernel: 'Reshape', inputs: ['x'], attrs: { shape: 'number[]' } });

/**
 * `shape` holds sizes, symbols of the operand's own shape or multiples of them, and at most one null: the size that follows
 * from the others and that no symbol names.
 */
export const reshape = op({
  doc: 'the same elements in row-major order under another shape',
  attrs: object({ shape: array(nullable(either(integer({ minimum: 0 }), string))) }),
  arity: 1,
  infer(operands, { shape }) {
    const x = at(operands, 0);
    const free = shape.filter((dim) => dim === null || (!isKnown(dim) && axisOf(dim, x.shape) < 0));
    if (free.length > 1) mismatch(`reshape to [${shape.join(',')}] leaves more than one size open`, operands);
    const sizes = shape.map((dim): Dim => dim ?? 1);
    if (free.length === 0 && sameSymbols(x.shape, sizes) && elements(x.shape) !== elements(sizes)) {
      mismatch(`reshape to [${shape.join(',')}] would change the number of elements`, operands);
    }
    return { dtype: x.dtype, shape: shape.map((dim) => dim ?? remaining(x.shape, shape)) };
  },
  cost: free,
  identity: (_, operands, results) => sameType(at(operands, 0), at(results, 0)),
  kernels: ['Reshape'],
  emit: ({ args, attrs, operands }) => code`${RESHAPE}(${at(args, 0)}, ${targetShape(at(args, 0), attrs.shape, at(operands, 0))})`,
});

/** An axis from which a symbol can be read: the one of that size, else one of a multiple or a part of it; -1 where there is none. */
export function axisOf(symbol: string, shape: readonly Dim[]): number {
  const same = shape.indexOf(symbol);
  return same >= 0 ? same : shape.findIndex((dim) => !isKnown(dim) && baseOf(dim) === baseOf(symbol));
}

const symbolsOf = (shape: readonly Dim[]): string =>
  shape
    .filter((dim) => !isKnown(dim))
    .map(baseOf)
    .sort()
    .join();
const sameSymbols = (a: readonly Dim[], b: readonly Dim[]): boolean => symbolsOf(a) === symbolsOf(b);

/** The size that the others leave, as a multiple of the one symbol that the operand has; null where that is not one. */
function remaining(from: readonly Dim[], to: readonly (Dim | null)[]): Dim | null {
  const kept = to.filter((dim): dim is Dim => dim !== null);
  const symbols = from.filter((dim) => !isKnown(dim)).map(baseOf);
  for (const dim of kept.filter((dim) => !isKnown(dim))) {
    // A symbol that stands twice in the operand and once in the shape is still to be placed.
    const place = symbols.indexOf(baseOf(dim));
    if (place < 0) return null;
    symbols.splice(place, 1);
  }
  const [symbol] = symbols;
  const factor = elements(from) / elements(kept);
  if (symbol === undefined) return Number.isInteger(factor) ? factor : null;
  return symbols.length === 1 && Number.isInteger(factor) ? times(symbol, factor) : null;
}

/** The shape as the module writes it: one open size is -1, a further one is read off the operand when it runs. */
function targetShape(x: Code, shape: readonly (Dim | null)[], operand: TensorType): readonly (Code | number)[] {
  // Best the one that cannot be read off, else one that would have to be computed.
  const effort = (dim: Dim | null): number => {
    if (dim === null || (!isKnown(dim) && axisOf(dim, operand.shape) < 0)) return 3;
    return isKnown(dim) ? 0 : operand.shape.includes(dim) ? 1 : 2;
  };
  const efforts = shape.map(effort);
  const inferred = efforts.indexOf(Math.max(...efforts));
  return shape.map((dim, i) => {
    if (dim !== null && isKnown(dim)) return dim;
    return i === inferred ? -1 : readOff(x, dim as string, operand.shape);
  });
}

/** The size that a symbol has at run time, by the operand's own. */
export function readOff(x: Code, symbol: string, shape: readonly Dim[]): Code {
  const axis = axisOf(symbol, shape);
  const [wanted, found] = [factorOf(symbol), factorOf(at(shape, axis) as string)];
  const size = code`${x}.shape[${axis}]`;
  if (wanted === found) return size;
  if (wanted % found === 0) return code`${size} * ${wanted / found}`;
  return found % wanted === 0 ? code`${size} / ${found / wanted}` : code`(${size} * ${wanted}) / ${found}`;
}
