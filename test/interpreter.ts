import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { transformSync } from 'esbuild';
import { type Body, type BodyOp, type Op, type Program, type Value, valuesOf } from '../src/ir/program.ts';
import { factorOf, isKnown, showType, type TensorType } from '../src/ir/types.ts';
import { identifier } from '../src/ops/code.ts';
import { tfjsDType } from '../src/ops/elementwise/cast.ts';
import { opRow } from '../src/ops/index.ts';
import * as hash from '../src/runtime/hash.ts';
import * as kernels from '../src/runtime/kernels.ts';
import * as lookup from '../src/runtime/lookup.ts';
import * as reversal from '../src/runtime/reverse.ts';
import * as slices from '../src/runtime/slice.ts';
import * as spectrum from '../src/runtime/spectrum.ts';
import * as steps from '../src/runtime/steps.ts';
import * as texts from '../src/runtime/text.ts';
import { fillDefaults } from '../src/schema/build.ts';

/** What expressions may name: tfjs's functions, and those that modules bring along. */
const FUNCTIONS = { ...tf, ...kernels, ...reversal, ...hash, ...lookup, ...slices, ...spectrum, ...steps, ...texts };

/** What the sizes of unknown axes turned out to be, by their symbols without factors. */
export type Sizes = Map<string, number>;

/**
 * Where a tensor is not what its type says, in words, or null. A symbol that `sizes` does not hold is one from here on.
 */
export function misfit(tensor: Tensor, type: TensorType, sizes: Sizes): string | null {
  const found = `${tensor.dtype}[${tensor.shape}] where ${showType(type)} was inferred`;
  if (tensor.dtype !== tfjsDType(type.dtype) || tensor.shape.length !== type.shape.length) return found;
  for (const [i, dim] of type.shape.entries()) {
    const size = tensor.shape[i] as number;
    if (isKnown(dim)) {
      if (size !== dim) return found;
      continue;
    }
    const [symbol, factor] = [dim.replace(/\*\d+$/, ''), factorOf(dim)];
    const known = sizes.get(symbol) ?? size / factor;
    sizes.set(symbol, known);
    if (known * factor !== size) return `${found}, ${symbol} being ${known}`;
  }
  return null;
}

type Seen = (op: BodyOp, results: readonly Tensor[]) => void;
type Values = Record<string, Tensor>;

/**
 * Runs a program op by op, each by the very expression that a module has for it, in the order of the program and whatever
 * its stages; a loop step by step.
 * @param given tensors by the names of inputs and weights
 * @param seen is told every result, those of a loop's body at each step
 * @returns every value; the caller disposes of what is its own
 */
export function interpret(program: Program, given: NamedTensorMap, seen: Seen): NamedTensorMap {
  const values: Values = { ...given };
  const expressions = compileExpressions(program);
  const runLine = (line: readonly (Op | BodyOp)[], values: Values): void => {
    for (const op of line) {
      const operands = op.operands.map((name) => values[name] as Tensor);
      const results =
        'body' in op && op.body !== undefined
          ? loop(op, op.body, operands, (params) => {
              const inner = { ...values, ...params };
              runLine((op.body as Body).ops, inner);
              return (op.body as Body).yields.map((name) => inner[name] as Tensor);
            })
          : ([expressions.get(op)?.(FUNCTIONS, ...operands)].flat() as Tensor[]);
      seen(op, results);
      op.results.forEach(({ name }, k) => {
        values[name] = results[k] as Tensor;
      });
    }
  };
  runLine(program.ops, values);
  return values;
}

/** What a `scan` gives: what is carried at the end, and what was collected, put together along the second axis. */
function loop({ attrs }: Op, { params }: Body, operands: readonly Tensor[], step: (params: Values) => Tensor[]): Tensor[] {
  const [sequences, carried] = [attrs['sequences'] as number, attrs['carried'] as number];
  const slices = operands.slice(0, sequences).map((sequence) => tf.unstack(sequence, 1));
  const order = [...(slices[0] as Tensor[]).keys()];
  if (attrs['reverse'] === true) order.reverse();
  let state = operands.slice(sequences, sequences + carried);
  const collected: Tensor[][] = [];
  for (const at of order) {
    const taken = [...slices.map((list) => list[at] as Tensor), ...state];
    const yields = step(Object.fromEntries(params.map(({ name }: Value, i) => [name, taken[i] as Tensor])));
    state = yields.slice(0, carried);
    collected[at] = yields.slice(carried);
  }
  const count = collected[0]?.length ?? 0;
  return [
    ...state.map((last) => tf.clone(last)),
    ...Array.from({ length: count }, (_, k) =>
      tf.stack(
        collected.map((all) => all[k] as Tensor),
        1,
      ),
    ),
  ];
}

type Expression = (core: typeof FUNCTIONS, ...operands: readonly Tensor[]) => Tensor | Tensor[];

/** The expression of each op, those in bodies among them, as a function of tfjs and the operands. */
function compileExpressions(program: Program): ReadonlyMap<BodyOp, Expression> {
  const values = valuesOf(program);
  const typeOf = (name: string): TensorType => values.get(name)?.type as TensorType;
  // The functions that a module would declare for itself.
  const declared = new Map<string, string>();
  const ops = program.ops.flatMap((op): readonly BodyOp[] => op.body?.ops ?? [op]);
  const functions = ops.map((op) => {
    const row = opRow(op.op);
    if (row?.emit === undefined) throw new Error(`no expression for the op ${op.op}`);
    const args = op.operands.map((_, i) => identifier(`x${i}`));
    const { text, imports, runtime, declarations } = row.emit({
      args,
      attrs: fillDefaults(row.attrs, op.attrs),
      operands: op.operands.map(typeOf),
      results: op.results.map(({ type }) => type),
    });
    for (const [name, declaration] of declarations) declared.set(name, declaration);
    const functionsUsed = [...imports, ...runtime].filter((name) => !name.startsWith('type ')).map((name) => name.replace(' as ', ': '));
    return `({ ${functionsUsed.join(', ')} }, ${args.map((arg) => arg.text).join(', ')}) => (${text}),`;
  });
  const script = transformSync(`${[...declared.values()].join('\n')}\nreturn [\n${functions.join('\n')}\n];`, { loader: 'ts' }).code;
  const compiled = new Function('engine', script)(tf.engine) as Expression[];
  return new Map(ops.map((op, i) => [op, compiled[i] as Expression]));
}
