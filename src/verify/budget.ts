import type { BackendChoice } from '../eval/choices.ts';
import { type Program, valuesOf } from '../ir/program.ts';
import { elements, isKnown, type TensorType } from '../ir/types.ts';
import { opRow } from '../ops/index.ts';
import { costOfProgram } from '../report/cost.ts';
import type { Case } from './cases.ts';

/** What may be spent on the cases, in FLOPs: so much that it takes about half a minute on a slow machine. */
const MOST: Readonly<Record<BackendChoice, number>> = { node: 12e9, wasm: 6e9, cpu: 4e8 };
/** What a statement costs beside its FLOPs, and an element that is looked at. */
const STATEMENT = 1e5;
const ELEMENT = 20;
const LEAST = 3;

/** The first cases, as many as take no more than about half a minute: all of them, of a model that is not large. */
export function affordable(cases: readonly Case[], program: Program, backend: BackendChoice): readonly Case[] {
  const { flops } = costOfProgram(program);
  const values = valuesOf(program);
  const typeOf = (name: string): TensorType => values.get(name)?.type ?? { dtype: 'f32', shape: [] };
  let [statements, looked] = [0, 0];
  for (const op of program.ops) {
    if (op.stage === 'load') continue;
    const steps = op.body === undefined ? 1 : (opRow(op.op)?.steps?.(op.operands.map(typeOf)) ?? 1);
    statements += 1 + steps * (op.body?.ops.length ?? 0);
    for (const { type } of op.results) looked += elements(type.shape);
  }
  const sample = flops.prefix + flops.suffix + looked * ELEMENT;
  let spent = 0;
  const count = cases.findIndex(({ batch, sizes }, i) => {
    spent += statements * STATEMENT + sample * batch * areaOf(program, sizes);
    return spent > MOST[backend] && i >= LEAST;
  });
  return count < 0 ? cases : cases.slice(0, count);
}

/** Elements of a sample where sizes are open, which count as one else. */
function areaOf({ inputs }: Program, sizes: ReadonlyMap<string, number>): number {
  return inputs.reduce((most, { type }) => {
    const open = type.shape.filter((dim) => !isKnown(dim)).map((dim) => sizes.get(String(dim)) ?? 1);
    return Math.max(
      most,
      open.reduce((product, size) => product * size, 1),
    );
  }, 1);
}
