import { type Op, type Program, valuesOf } from '../../../src/ir/program.ts';

/** Ops that tfjs and TensorFlow can do together with a bias and an activation behind them. */
const FUSING: ReadonlySet<string> = new Set(['conv2d', 'depthwiseConv2d', 'matMul']);

/** Activations that the grappler of tensorflowjs_converter fuses. */
const ACTIVATIONS: ReadonlySet<string> = new Set(['relu', 'relu6', 'elu']);

/**
 * Bias and activation fused into what is before them, where nothing else uses that: what tensorflowjs_converter makes of a model, and
 * what a person writes with `tf.fused`. Convolutions and products of matrices that are fused already stay as they are.
 */
export function fused(program: Program): Program {
  const types = valuesOf(program);
  const uses = new Map<string, number>();
  const use = (name: string): void => void uses.set(name, (uses.get(name) ?? 0) + 1);
  for (const op of program.ops) for (const name of op.operands) use(name);
  for (const { value } of [...program.outputs, ...(program.features ?? [])]) use(value);
  const rank = (name: string): number => types.get(name)?.type.shape.length ?? 0;
  const fixed = new Set(program.weights.map(({ name }) => name));
  for (const op of program.ops) if (op.stage === 'load') for (const { name } of op.results) fixed.add(name);

  /** Where among `ops` each value is made that may still be fused into. */
  const open = new Map<string, number>();
  const ops: (Op | null)[] = [];
  // What is fused stands where its last part stood: the bias may be made between them.
  const replace = (at: number, op: Op, name: string): void => {
    ops[at] = null;
    ops.push(op);
    open.set(name, ops.length - 1);
  };
  for (const op of program.ops) {
    const [result] = op.results;
    const [x = '', other = ''] = op.operands;
    const [main, bias] = open.has(x) ? [x, other] : [other, x];
    const at = open.get(main);
    const before = at === undefined ? null : (ops[at] as Op);
    const single = before !== null && uses.get(main) === 1 && before.stage === op.stage && result !== undefined;
    if (
      single &&
      op.op === 'add' &&
      isPlain(before) &&
      before.operands.length === 2 &&
      fixed.has(bias) &&
      rank(bias) === 1 &&
      rank(main) === rank(result.name)
    ) {
      const operands = [...before.operands, bias];
      replace(at as number, { ...before, operands, results: op.results, layers: [...before.layers, ...op.layers] }, result.name);
    } else if (single && ACTIVATIONS.has(op.op) && before.operands.length === 3 && isPlain(before)) {
      const attrs = { ...before.attrs, activation: op.op };
      replace(at as number, { ...before, attrs, results: op.results, layers: [...before.layers, ...op.layers] }, result.name);
    } else {
      ops.push(op);
      const isMatrix = op.op !== 'matMul' || op.operands.every((name) => rank(name) === 2);
      if (FUSING.has(op.op) && isMatrix && op.stage !== 'load' && result !== undefined) open.set(result.name, ops.length - 1);
    }
  }
  return { ...program, ops: ops.filter((op): op is Op => op !== null) };
}

/** True where the op applies no activation yet. */
const isPlain = ({ attrs }: Op): boolean => (attrs['activation'] ?? 'linear') === 'linear';
