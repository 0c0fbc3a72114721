import { type Op, type Program, valuesOf } from '../ir/program.ts';
import { bytes, type TensorType } from '../ir/types.ts';
import { costOf } from '../ops/cost.ts';
import { described, integer, number, object, type Static, string } from '../schema/build.ts';

/** A place to cut: one tensor that everything behind it needs and nothing before it is needed beside. */
export const cutSchema = object({
  name: described(string, 'as --hoist takes it'),
  featureBytes: described(integer({ minimum: 0 }), 'of one sample'),
  flopsSaved: described(number({ minimum: 0 }), 'what the prefix saves each further evaluation'),
  flops: described(number({ minimum: 0 }), 'of the whole program'),
});
export type Cut = Static<typeof cutSchema>;

const MOST = 3;

/**
 * Up to three good places to cut, the best first: at a single tensor, saving much and passing on little. Of cuts with features
 * of one size the latest counts.
 */
export function goodCuts(program: Program): readonly Cut[] {
  const values = valuesOf(program);
  const typeOf = (name: string): TensorType => values.get(name)?.type as TensorType;
  const running = program.ops.filter((op) => op.stage !== 'load');
  const fixed = new Set(program.weights.map(({ name }) => name));
  for (const op of program.ops) if (op.stage === 'load') for (const { name } of op.results) fixed.add(name);
  const lastUse = new Map<string, number>();
  running.forEach((op, i) => {
    for (const name of op.operands) lastUse.set(name, i);
  });
  for (const { value } of program.outputs) lastUse.set(value, running.length);

  const flops = running.reduce((sum, op) => sum + costOf(op, typeOf), 0);
  const alive = new Set(program.inputs.map(({ name }) => name));
  const cuts: Cut[] = [];
  let done = 0;
  running.forEach((op, i) => {
    done += costOf(op, typeOf);
    for (const name of op.operands) if (lastUse.get(name) === i) alive.delete(name);
    for (const { name } of op.results) if (!fixed.has(name) && (lastUse.get(name) ?? -1) > i) alive.add(name);
    const [only] = alive;
    if (alive.size !== 1 || only === undefined || !isLayerResult(op, only) || done === 0 || lastUse.get(only) === running.length) return;
    cuts.push({ name: only.slice(1), featureBytes: bytes(typeOf(only)), flopsSaved: done, flops });
  });
  const inputBytes = program.inputs.reduce((sum, { type }) => sum + bytes(type), 0);
  return best(cuts, inputBytes);
}

/** True for a tensor that is called as its layer is, not as something on the way to it. */
const isLayerResult = (op: Op, name: string): boolean =>
  op.results.some((result) => result.name === name) &&
  op.layers.some((layer) => /^([@:~]\d+)*$/.test(name.slice(1 + layer.length)) && name.startsWith(layer, 1));

/** A cut is worth what it saves, less for features that are large beside the inputs they stand for. */
function best(cuts: readonly Cut[], inputBytes: number): readonly Cut[] {
  const worth = ({ featureBytes, flopsSaved, flops }: Cut): number => (flopsSaved / flops) * (inputBytes / (inputBytes + featureBytes));
  const latest = new Map(cuts.map((cut) => [cut.featureBytes, cut]));
  return [...latest.values()].sort((a, b) => worth(b) - worth(a)).slice(0, MOST);
}
