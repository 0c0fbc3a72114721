import { tfjsDType } from '../../../src/ops/elementwise/cast.ts';
import { CannotRun } from '../peers/peer.ts';
import type { ConcreteOp, ConcreteType } from './concrete.ts';
import { functionCall } from './function-table.ts';
import { kernelCall } from './kernel-table.ts';
import type { Dialect } from './writer.ts';

/** `run` of the engine, kernel by kernel; attributes are made once. */
export const kernelDialect: Dialect = {
  expression(op, args, hold) {
    if (op.op === 'constant') return constant(op);
    if (op.op === 'where') return select(op, args, hold);
    const { kernel, inputs, attrs } = kernelCall(op);
    if (kernel === '_FusedMatMul' && resultShape(op).length === 2) return fusedMatrices(op, args, hold, inputs ?? [], attrs);
    const given = inputs === null ? `[${args.join(', ')}]` : `{ ${inputs.map((name, i) => `${name}: ${args[i]}`).join(', ')} }`;
    return `run('${kernel}', ${given}, ${hold(attrs)})`;
  },
  unstack: (sequence) => `run('Unpack', { value: ${sequence} }, { axis: 1 })`,
  stack: (list) => `run('Pack', ${list}, { axis: 1 })`,
  clone: (tensor) => `run('Identity', { x: ${tensor} })`,
};

const resultShape = ({ results }: ConcreteOp): readonly number[] => results[0]?.shape ?? [];

/** The fused product of wasm takes batches of matrices alone: the operands are seen as such, which costs nothing, and the result is relabelled. */
function fusedMatrices(
  op: ConcreteOp,
  args: readonly string[],
  hold: (value: unknown) => string,
  inputs: readonly string[],
  attrs: Readonly<Record<string, unknown>>,
): string {
  const given = inputs.map((name, i) => {
    const shape = op.operands[i]?.shape ?? [];
    const seen = `{ dataId: ${args[i]}.dataId, shape: ${hold([1, ...shape])}, dtype: 'float32' }`;
    return `${name}: ${i < 2 ? seen : args[i]}`;
  });
  const product = `run('_FusedMatMul', { ${given.join(', ')} }, ${hold(attrs)})`;
  return `((product) => { const matrix = run('Reshape', { x: product }, ${hold({ shape: resultShape(op) })}); product.dispose(); return matrix; })(${product})`;
}

function constant({ attrs, results }: ConcreteOp): string {
  const { dtype, shape } = results[0] as ConcreteType;
  return `tensor(${JSON.stringify(attrs['values'])}, ${JSON.stringify(shape)}, '${tfjsDType(dtype)}')`;
}

/** The kernel of a choice wants three tensors of one shape: those that are smaller are repeated before. */
function select(op: ConcreteOp, args: readonly string[], hold: (value: unknown) => string): string {
  const shape = op.results[0]?.shape ?? [];
  const full = op.operands.map((operand, i) => {
    if (operand.shape.join() === shape.join()) return { text: args[i] as string, isOwn: false };
    const reps = shape.map((size, axis) => size / (operand.shape[axis - shape.length + operand.shape.length] ?? 1));
    const sameRank = operand.shape.length === shape.length;
    if (!sameRank && operand.shape.length > 0) throw new CannotRun('no kernel for the op where on tensors of several ranks');
    const x = sameRank ? (args[i] as string) : `run('Reshape', { x: ${args[i]} }, { shape: [${shape.map(() => 1)}] })`;
    return { text: `run('Tile', { x: ${x} }, ${hold({ reps })})`, isOwn: true };
  });
  if (!full.some(({ isOwn }) => isOwn)) return `run('Select', { condition: ${args[0]}, t: ${args[1]}, e: ${args[2]} })`;
  const names = ['condition', 't', 'e'];
  const own = names.filter((_, i) => full[i]?.isOwn);
  const freed = own.map((name) => `${name}.dispose();`).join(' ');
  return `((${names.join(', ')}) => { const chosen = run('Select', { condition, t, e }); ${freed} return chosen; })(${full.map(({ text }) => text).join(', ')})`;
}

/** Functions of tfjs, as a person calls them. */
export const functionDialect: Dialect = {
  expression: functionCall,
  unstack: (sequence) => `unstack(${sequence}, 1)`,
  stack: (list) => `stack(${list}, 1)`,
  clone: (tensor) => `clone(${tensor})`,
};
