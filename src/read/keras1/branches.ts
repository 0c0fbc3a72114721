import { fail } from '../../diagnostics/error.ts';
import type { Uncalled } from '../layers.ts';
import { type Endpoint, isInputLayer, isObject, type LayerSpec, type ModelSpec, Reference, type SpecArg } from '../spec.ts';

/** How a Sequential begins: what takes its inputs, and what its next layer is called with. */
export interface Beginning {
  readonly layers: readonly LayerSpec[];
  readonly inputs: readonly Endpoint[];
  readonly last: SpecArg;
}

/** The models or layers that a Sequential of Keras 1 starts by merging: they stand in the config of its first layer, a `Merge`. */
export function branchesOf(first: unknown): readonly unknown[] {
  const merge = isObject(first) && first['class_name'] === 'Merge' && isObject(first['config']) ? first['config'] : {};
  return Array.isArray(merge['layers']) ? merge['layers'] : [];
}

/**
 * Calls each branch with inputs of its own; the model takes them in the order of the branches.
 * @param taken names of all the layers of the model
 * @param inputOf the InputLayer that goes before a branch which is one layer
 * @throws SkipcError `sequential-branches` where a branch gives several tensors
 */
export function beginWith(
  branches: readonly Uncalled[],
  taken: ReadonlySet<string>,
  inputOf: (layer: Uncalled) => LayerSpec,
  file: string | undefined,
): Beginning {
  const names = new Set(taken);
  const layers: LayerSpec[] = [];
  const inputs: Endpoint[] = [];
  const add = (input: LayerSpec, name: string): Reference => {
    names.add(name);
    layers.push({ ...input, name, nodes: [] });
    inputs.push({ reference: new Reference(name, 0, 0, 'list'), key: null });
    return new Reference(name, 0, 0, 'history');
  };
  const merged = branches.map(({ buildConfig: _, ...branch }): Reference => {
    const { name, model, pointer } = branch;
    if (isInputLayer(branch)) return add({ ...branch, nodes: [] }, name);
    if (model !== null && model.outputs.length !== 1)
      fail('sequential-branches', { name, outputs: model.outputs.length }, { file, pointer, layer: name });
    const own = model === null ? [inputOf({ ...branch, buildConfig: _ })] : inputLayersOf(model);
    const given = own.map((input) => add(input, freeName(input.name, names)));
    layers.push({ ...branch, nodes: [{ args: given.length === 1 ? given : [given], kwargs: {}, pointer }] });
    return new Reference(name, 0, 0, 'history');
  });
  return { layers, inputs, last: merged };
}

const inputLayersOf = ({ inputs, layers }: ModelSpec): LayerSpec[] =>
  inputs.flatMap(({ reference }) => layers.filter((layer) => layer.name === reference.layer));

/** The name, or the first of it with `_1`, `_2`, ... behind it that is not taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let n = 1; taken.has(free); n++) free = `${name}_${n}`;
  return free;
}
