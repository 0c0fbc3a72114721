import type { Lowering } from '../row.ts';

/** Names that older versions of Keras have for the same. */
const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ['binary', 'multi_hot'],
  ['tf-idf', 'tf_idf'],
]);

/**
 * The `output_mode` under its present name.
 * @param sparse whether the layer is to give a sparse tensor, which tfjs does not have
 */
export function modeOf<M extends string>(layer: Lowering, mode: string, modes: readonly M[], sparse: boolean | null | undefined): M {
  if (sparse)
    return layer.unsupported('a layer gives a sparse tensor (sparse=True), which tfjs does not have', 'save the model with sparse=False');
  const name = OLD_NAMES.get(mode) ?? mode;
  const found = modes.find((known) => known === name);
  return found ?? layer.mismatch(`output_mode is one of ${modes.join(', ')}`, JSON.stringify(mode));
}
