import { fail } from '../diagnostics/error.ts';
import type { BackendChoice } from '../eval/choices.ts';
import { type Program, valuesOf } from '../ir/program.ts';
import { elements, isKnown, type TensorType } from '../ir/types.ts';
import { opRow } from '../ops/index.ts';
import { costOfProgram } from '../report/cost.ts';
import type { Case } from './cases.ts';

/**
 * What may be spent on the cases, in FLOPs of each backend: so much that it takes about half a minute on a slow machine; and what a
 * statement costs beside its FLOPs, and an element that is looked at.
 */
const BUDGETS: Readonly<Record<BackendChoice, { readonly most: number; readonly statement: number; readonly element: number }>> = {
  node: { most: 12e9, statement: 1e5, element: 40 },
  wasm: { most: 6e9, statement: 3e4, element: 20 },
  cpu: { most: 4e8, statement: 3e3, element: 2 },
};
const LEAST = 3;

const BYTES = 4;
/** What the values of one case may take: they are kept while it is computed again. */
const MOST_BYTES = 2 ** 31;

/**
 * The first cases, as many as take no more than about half a minute: all of them, of a model that is not large.
 * @throws SkipcError `verify-too-large`
 */
export function affordable(all: readonly Case[], program: Program, backend: BackendChoice): readonly Case[] {
  const { most, statement, element } = BUDGETS[backend];
  const { flops } = costOfProgram(program);
  const values = valuesOf(program);
  const typeOf = (name: string): TensorType => values.get(name)?.type ?? { dtype: 'f32', shape: [] };
  let statements = 0;
  for (const op of program.ops) {
    if (op.stage === 'load') continue;
    const steps = op.body === undefined ? 1 : (opRow(op.op)?.steps?.(op.operands.map(typeOf)) ?? 1);
    statements += 1 + steps * (op.body?.ops.length ?? 0);
  }
  const looked = elementsOf(program);
  const sample = flops.prefix + flops.suffix + looked * element;
  const cases = all.filter(({ batch, sizes }) => looked * BYTES * batch * areaOf(program, sizes) <= MOST_BYTES);
  if (cases.length === 0 && all.length > 0) fail('verify-too-large', { bytes: looked * BYTES, most: MOST_BYTES });
  const costOf = ({ batch, sizes }: Case): number => statements * statement + sample * batch * areaOf(program, sizes);
  const total = cases.reduce((sum, each) => sum + costOf(each), 0);
  if (total <= most) return cases;
  // Each kind with few samples tells more than one kind with many.
  const cheapest = Math.min(...cases.map(({ batch }) => batch));
  const isSmall = ({ batch }: Case): boolean => batch === cheapest;
  const ordered = sample * LEAST > most ? cases.toSorted((a, b) => Number(isSmall(b)) - Number(isSmall(a))) : cases;
  let spent = 0;
  const count = ordered.findIndex((each, i) => {
    spent += costOf(each);
    return spent > most && i >= LEAST;
  });
  return count < 0 ? ordered : ordered.slice(0, count);
}

/** Elements of all that is computed of one sample, unknown sizes counting as one. */
const elementsOf = ({ ops }: Program): number =>
  ops.reduce((sum, { stage, results }) => (stage === 'load' ? sum : results.reduce((all, { type }) => all + elements(type.shape), sum)), 0);

const MOST_SAMPLES = 16;

/** Samples of a file that are run together: so few that what is computed of them can be kept. */
export const samplesAtOnce = (program: Program): number =>
  Math.max(1, Math.min(MOST_SAMPLES, Math.floor(MOST_BYTES / 4 / (BYTES * Math.max(1, elementsOf(program))))));

/** Of the elements of a sample whose sizes are open, and count as one else, a network works on a part: most of its layers see a smaller image. */
const PART = 1 / 4;

function areaOf({ inputs }: Program, sizes: ReadonlyMap<string, number>): number {
  return inputs.reduce((most, { type }) => {
    const open = type.shape.filter((dim) => !isKnown(dim)).map((dim) => sizes.get(String(dim)) ?? 1);
    return Math.max(most, PART * open.reduce((product, size) => product * size, 1));
  }, 1);
}
