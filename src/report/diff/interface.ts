import type { Dim, TensorType } from '../../ir/types.ts';
import { isKnown } from '../../ir/types.ts';
import { sameDim, sameType } from './types.ts';

/** A tensor that the caller of a module hands in or gets. */
export interface Port {
  readonly key: string;
  /** Null where skipc cannot tell. */
  readonly type: TensorType | null;
  /** True for an input that may be left out. */
  readonly isOptional: boolean;
}

export interface ModuleInterface {
  readonly inputs: readonly Port[];
  readonly features: readonly Port[];
  readonly outputs: readonly Port[];
}

/** What a change asks of those who call the module: nothing, or to be changed too. */
export type Verdict = 'compatible' | 'breaking';

/** An input, feature or output that is another. */
export interface PortChange {
  readonly of: 'input' | 'feature' | 'output';
  /** Null where it is new. */
  readonly before: Port | null;
  /** Null where it is gone. */
  readonly after: Port | null;
  readonly verdict: Verdict;
  readonly why: string;
}

/**
 * What differs between two interfaces. Compatible is a change after which a caller of the old module still type-checks and runs: it hands in
 * what it did, and gets what it counted on.
 * @param renamedTo the new key of an output of the old model, where its tensor has a counterpart that goes by another; likewise of an input.
 *   What has another type as well is another input or output
 */
export function interfaceChanges(
  a: ModuleInterface,
  b: ModuleInterface,
  renamedTo: (of: PortChange['of'], key: string) => string | null,
): readonly PortChange[] {
  const changed = (of: PortChange['of'], before: readonly Port[], after: readonly Port[]): PortChange[] => {
    // A module that is cut has two more functions.
    if (of === 'feature' && before.length === 0)
      return after.map((port) => ({ of, before: null, after: port, verdict: 'compatible', why: 'cut here now' }));
    const old = new Set(before.map(({ key }) => key));
    const left = new Map(after.map((port) => [port.key, port]));
    const changes: PortChange[] = [];
    for (const port of before) {
      const same = left.get(port.key);
      const key = same === undefined ? renamedTo(of, port.key) : null;
      const renamed = key === null || old.has(key) ? undefined : left.get(key);
      const other = same ?? (renamed !== undefined && sameType(port.type, renamed.type) ? renamed : undefined);
      if (other !== undefined) left.delete(other.key);
      const change = compare(of, port, other ?? null);
      if (change !== null) changes.push(change);
    }
    return [...changes, ...[...left.values()].map((port) => appeared(of, port))];
  };
  return [
    ...changed('input', a.inputs, b.inputs),
    ...changed('feature', a.features, b.features),
    ...changed('output', a.outputs, b.outputs),
  ];
}

function appeared(of: PortChange['of'], after: Port): PortChange {
  if (of === 'output') return { of, before: null, after, verdict: 'compatible', why: 'new output' };
  const isOptional = of === 'input' && after.isOptional;
  return {
    of,
    before: null,
    after,
    verdict: isOptional ? 'compatible' : 'breaking',
    why: `new ${isOptional ? 'optional' : 'required'} ${of}`,
  };
}

function compare(of: PortChange['of'], before: Port, after: Port | null): PortChange | null {
  if (after === null) return { of, before, after, verdict: 'breaking', why: `${of} removed` };
  const wrong = (why: string): PortChange => ({ of, before, after, verdict: 'breaking', why });
  const fine = (why: string): PortChange => ({ of, before, after, verdict: 'compatible', why });
  if (before.key !== after.key) return wrong(`${of} renamed`);
  if (before.isOptional && !after.isOptional) return wrong('it must be given now');
  const type = typeChange(of, before.type, after.type);
  if (type?.verdict === 'breaking') return wrong(type.why);
  if (!before.isOptional && after.isOptional) return fine('it may be left out now');
  return type === null ? null : fine(type.why);
}

interface Judgement {
  readonly verdict: Verdict;
  readonly why: string;
}

const breaking = (why: string): Judgement => ({ verdict: 'breaking', why });
const compatible = (why: string): Judgement => ({ verdict: 'compatible', why });

function typeChange(of: PortChange['of'], before: TensorType | null, after: TensorType | null): Judgement | null {
  if (before === null || after === null || sameType(before, after)) return null;
  if (before.shape.length !== after.shape.length) return breaking(`rank ${before.shape.length} -> ${after.shape.length}`);
  const dims = before.shape.flatMap((dim, axis) => {
    const other = after.shape[axis] as Dim;
    return sameDim(dim, other) ? [] : [dimChange(of, dim, other)];
  });
  const found = [...(before.dtype === after.dtype ? [] : [dtypeChange(of, before, after)]), ...dims];
  return found.find(({ verdict }) => verdict === 'breaking') ?? found[0] ?? null;
}

/** An input takes more where a size becomes unknown, an output promises less. */
function dimChange(of: PortChange['of'], before: Dim, after: Dim): Judgement {
  if (isKnown(before) && isKnown(after)) return breaking('another size');
  const isWider = !isKnown(after);
  if (isWider && !isKnown(before)) return breaking('another unknown size');
  const why = isWider ? 'a fixed size is unknown now' : 'an unknown size is fixed now';
  return of !== 'feature' && isWider === (of === 'input') ? compatible(why) : breaking(why);
}

/** Of what numbers a module is handed it makes its own: floats take all, integers would cut off what is behind the point. */
function dtypeChange(of: PortChange['of'], { dtype: before }: TensorType, { dtype: after }: TensorType): Judgement {
  const why = `dtype ${before} -> ${after}`;
  const isWider = (before === 'bool' && after !== 'str') || (before === 'i32' && after === 'f32');
  return of === 'input' && isWider ? compatible(why) : breaking(why);
}

/** Keys that both have, where they stand in another order. */
export interface OrderChange {
  readonly of: 'input' | 'output';
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Where the common inputs and outputs stand in another order: `tf.LayersModel` takes and gives them in that, a module by their keys. */
export function orderChanges(a: ModuleInterface, b: ModuleInterface): readonly OrderChange[] {
  const changed = (of: OrderChange['of'], before: readonly Port[], after: readonly Port[]): readonly OrderChange[] => {
    const common = (ports: readonly Port[], others: readonly Port[]): readonly string[] => {
      const keys = new Set(others.map(({ key }) => key));
      return ports.map(({ key }) => key).filter((key) => keys.has(key));
    };
    const [one, two] = [common(before, after), common(after, before)];
    return one.every((key, i) => key === two[i]) ? [] : [{ of, before: one, after: two }];
  };
  return [...changed('input', a.inputs, b.inputs), ...changed('output', a.outputs, b.outputs)];
}
