import { diagnostic, fail } from '../diagnostics/error.ts';
import { mayEqualShapes, showType, type TensorType } from '../ir/types.ts';
import { type Call, givenTo, type ModelGraph, splitTensor, type TensorId, tensorsIn } from '../model/graph.ts';
import { tensorName } from './display.ts';
import type { NameIndex } from './names.ts';

/**
 * What each tensor of the skipped layers is replaced by.
 * @throws SkipcError where a layer or operand is unknown, or where shape or dtype would not fit
 */
export function skipped(
  graph: ModelGraph,
  names: NameIndex,
  texts: readonly string[],
  types: ReadonlyMap<TensorId, TensorType>,
): ReadonlyMap<TensorId, TensorId> {
  const replaced = new Map<TensorId, TensorId>();
  for (const text of texts) {
    const { layer, operand } = parse(text, names);
    const calls = graph.calls.filter((call) => call.layer.path === layer);
    const model = calls.length === 0 ? nestedModel(graph, layer) : undefined;
    const pairs = model ?? calls.map((call) => ({ result: `${call.id}:0`, operands: operandsOf(call) }));
    for (const { result, operands } of pairs) {
      const kept = keptOperand(layer, operand, operands, names);
      checkFit(layer, types.get(kept), types.get(result));
      replaced.set(result, kept);
    }
  }
  return replaced;
}

/** What a call computes with: a mask beside its tensors is none that could stand for the result. */
const operandsOf = (call: Call): readonly TensorId[] => (tensorsIn(call.args).length > 0 ? tensorsIn(call.args) : givenTo(call));

/** `LAYER` or `LAYER=OPERAND`; a layer's name may itself hold an equals sign, so the longest name that exists counts. */
function parse(text: string, names: NameIndex): { readonly layer: string; readonly operand: string | null } {
  if (names.hasLayer(text)) return { layer: names.findLayer(text), operand: null };
  for (let equals = text.lastIndexOf('='); equals > 0; equals = text.lastIndexOf('=', equals - 1)) {
    const layer = text.slice(0, equals);
    if (names.hasLayer(layer)) return { layer: names.findLayer(layer), operand: text.slice(equals + 1) };
  }
  return { layer: names.findLayer(text.split('=')[0] as string), operand: null };
}

function keptOperand(layer: string, operand: string | null, operands: readonly TensorId[], names: NameIndex): TensorId {
  const [only] = operands;
  if (operand === null) {
    if (operands.length === 1 && only !== undefined) return only;
    return fail('skip-operand', { layer, operands: operands.map(tensorName) }, { layer });
  }
  const numbered = /^#(\d+)$/.exec(operand);
  const kept = numbered ? operands[Number(numbered[1])] : names.tensor(operand);
  if (kept !== undefined && operands.includes(kept)) return kept;
  return fail('skip-operand-unknown', { layer, operand, operands: operands.map(tensorName) }, { layer });
}

function checkFit(layer: string, given: TensorType | undefined, result: TensorType | undefined): void {
  // A layer that skipc does not know has no type here: leaving it out is just what the user wants.
  if (given === undefined || result === undefined) return;
  if (given.dtype !== result.dtype || !mayEqualShapes(given.shape, result.shape)) {
    throw diagnostic('skip-type', { layer, given: showType(given), result: showType(result) }, { layer });
  }
}

/** A nested model is skipped as a layer is: its first output becomes what it is given. */
function nestedModel(graph: ModelGraph, path: string): readonly { result: TensorId; operands: readonly TensorId[] }[] {
  const [result] = graph.aliases.get(path) ?? [];
  if (result === undefined) return [];
  const isCall = new Set(graph.calls.map((call: Call) => call.layer.path));
  const inputs = [...graph.aliases].filter(
    ([alias]) => alias.startsWith(`${path}/`) && !alias.slice(path.length + 1).includes('/') && !isCall.has(alias),
  );
  return [{ result, operands: inputs.flatMap(([, tensors]) => tensors) }];
}

/** Refuses a program that needs a further tensor of a layer whose first was replaced. */
export function checkSecondTensors(replaced: ReadonlyMap<TensorId, TensorId>, needed: TensorId): void {
  const { call, index } = splitTensor(needed);
  if (index > 0 && replaced.has(`${call}:0`)) fail('skip-second-tensor', { layer: call, index }, { layer: call });
}
