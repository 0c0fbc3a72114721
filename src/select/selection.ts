/** What the user chose of a model. Names are looked up in the original model, whatever else is selected. */
export interface Selection {
  /** `NAME` or `KEY=NAME`; none keeps the model's own outputs. */
  readonly outputs: readonly string[];
  readonly inputs: readonly string[];
  /** `LAYER` or `LAYER=OPERAND`. */
  readonly skip: readonly string[];
  /** `auto`, `shared`, `none`, or tensors to cut at; undefined leaves it to skipc. */
  readonly hoist?: string | readonly string[] | undefined;
}
