import { createHash } from 'node:crypto';
import type { Op, Program, Weight } from '../ir/program.ts';
import { isKnown, type TensorType } from '../ir/types.ts';
import { tfjsDType } from '../ops/elementwise/cast.ts';

/** A value that prefix and suffix read and do not compute. */
export interface Held {
  readonly value: string;
  readonly type: TensorType;
}

/** Such a value under its name in the module, as a baked file holds it. */
export interface Member extends Held {
  readonly name: string;
}

/** True for a variable of the model, as opposed to what is computed. */
export const isVariable = (name: string): boolean => name.startsWith('@');

/** What prefix and suffix read and do not compute, in the order in which they first do. */
export function heldValues(program: Program): readonly Held[] {
  const fixed = new Map<string, TensorType>(program.weights.map(({ name, type }) => [name, type]));
  for (const { stage, results } of program.ops) if (stage === 'load') for (const { name, type } of results) fixed.set(name, type);
  const used = program.ops.flatMap(({ stage, operands }) => (stage === 'load' ? [] : operands));
  const names = new Set([...used, ...program.outputs.map(({ value }) => value)]);
  return [...names].flatMap((value) => {
    const type = fixed.get(value);
    return type === undefined ? [] : [{ value, type }];
  });
}

/** Texts, which no weight file holds: the module computes them whenever it loads. */
export const isText = ({ type }: Held): boolean => type.dtype === 'str';

/** The ops of the load stage, and the variables, that some values of it need. */
export function needed(program: Program, values: Iterable<string>): { readonly ops: readonly Op[]; readonly weights: readonly Weight[] } {
  const wanted = new Set(values);
  const ops = program.ops.filter(({ stage }) => stage === 'load').reverse();
  const kept = ops.filter(({ results, operands }) => {
    const isNeeded = results.some(({ name }) => wanted.has(name));
    if (isNeeded) for (const name of operands) wanted.add(name);
    return isNeeded;
  });
  return { ops: kept.reverse(), weights: program.weights.filter(({ name }) => wanted.has(name)) };
}

/** The type of a member as `load` compares it with that of a tensor in a file. */
export const typeText = ({ type: { dtype, shape } }: Held): string => `${tfjsDType(dtype)}[${shape}]`;

/** A hash of how a baked file calls its tensors, and what these are. */
export function layoutHash(members: readonly Member[]): string {
  const layout = members.map((member) => [member.name, typeText(member)]);
  return createHash('sha256').update(JSON.stringify(layout)).digest('hex').slice(0, 16);
}

/** Why no file can hold what the load stage computes, null where one can. */
export function unbakeable(program: Program): string | null {
  const held = heldValues(program);
  const texts = held.filter(isText).map(({ value }) => value);
  const unsized = held.find((value) => !isText(value) && !value.type.shape.every(isKnown));
  if (unsized !== undefined) return `the size of ${unsized.value.slice(1)} is known only when it is computed`;
  return needed(program, texts).weights.length > 0 ? 'it holds texts that are chosen by weights' : null;
}
