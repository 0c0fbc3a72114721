import type { WeightIndex } from './index.ts';

/** What a layer that can be adapted or quantised computes with. */
const KERNEL = /^(kernel|embeddings|reverse_embeddings)$/;
/** A variable beside it without which one of that name means something else: a low-rank matrix, a scale, a zero point. */
const OF_ONE = /^lora_(.+)_[ab]$|^(.+)_(?:scale|zero)$/;
/** The same for all of them. The last is what the reader of Keras's files calls a variable that a layer has not by its config. */
const OF_ALL = /^(inputs_scale|quantized_kernel|g_idx|vars\/\d+)$/;

/**
 * Finds weights that a model which does not read them cannot do without. `layer.enable_lora()` and `layer.quantize()`, called on a
 * part of another layer, add variables and leave no trace in the topology; Keras refuses such files too.
 * @param taken the indices of the entries that the program reads
 * @returns pairs of a kernel among them and a variable beside it that is not read
 */
export function unreadCompanions(
  { entries }: WeightIndex,
  taken: readonly number[],
): readonly (readonly [kernel: string, beside: string])[] {
  const read = new Set(taken);
  const found = new Map<string, string>();
  entries.forEach(({ name }, i) => {
    const [layer, variable] = read.has(i) ? ['', ''] : split(name);
    const [, adapted, scaled] = OF_ONE.exec(variable) ?? [];
    const kernel = OF_ALL.test(variable) ? '' : (adapted ?? scaled);
    if (kernel !== undefined) found.set(`${layer}/${kernel}`, name);
  });
  return taken.flatMap((i) => {
    const name = entries[i]?.name ?? '';
    const [layer, variable] = split(name);
    const beside = found.get(`${layer}/${variable}`) ?? found.get(`${layer}/`);
    return beside !== undefined && KERNEL.test(variable) ? [[name, beside] as const] : [];
  });
}

/** A stored name as its layer's and the variable's. */
function split(stored: string): readonly [layer: string, variable: string] {
  const name = stored.replace(/:0$/, '');
  const last = name.lastIndexOf('/');
  const end = name.endsWith('/vars', last) ? last - '/vars'.length : last;
  return end < 0 ? ['', name] : [name.slice(0, end), name.slice(end + 1)];
}
