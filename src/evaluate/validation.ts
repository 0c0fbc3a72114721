/** What a module that skipc wrote has, as far as validation needs it. */
export interface Evaluates<Weights, Source, Data, Options> {
  /** Absent where the program has no weights. */
  refresh?(w: Weights, source: Source): Promise<{ readonly prefix: boolean }>;
  /** Absent where neither a loss nor a metric is known. */
  evaluate?(w: Weights, data: Data, options?: Options): Promise<object>;
}

export interface ValidationOptions<Weights, Source, Data, Options> {
  /** The module's weights, which follow the model's. */
  readonly weights: Weights;
  /** The model that is trained. */
  readonly model: Source;
  readonly data: Data;
  /** What `evaluate` is given: `{ cache: true }` computes the features of a frozen prefix once. */
  readonly options?: Options;
  /** Called with what `evaluate` gave, under the names of the logs. */
  readonly onResult?: (epoch: number, results: Readonly<Record<string, number>>) => void;
}

type Logs = Record<string, unknown>;

/** In the shape of `tf.Callback`, and of the plain objects that `fit` takes in its place. */
export interface TrainingCallback {
  readonly validationData: null;
  setParams(params: unknown): void;
  setModel(model: unknown): void;
  onTrainBegin(logs?: Logs): Promise<void>;
  onTrainEnd(logs?: Logs): Promise<void>;
  onEpochBegin(epoch: number, logs?: Logs): Promise<void>;
  onEpochEnd(epoch: number, logs?: Logs): Promise<void>;
  onBatchBegin(batch: number, logs?: Logs): Promise<void>;
  onBatchEnd(batch: number, logs?: Logs): Promise<void>;
}

/**
 * Validates a model that tfjs trains through a module compiled from it, at the end of each epoch: `model.fit(x, y, { callbacks: [...] })`.
 * What it finds goes into the logs as `val_loss`, `val_accuracy`, ..., where early stopping and the history look for them.
 * @throws Error where the module has no `evaluate`
 */
export function validation<Weights, Source, Data, Options>(
  module: Evaluates<Weights, Source, Data, Options>,
  { weights, model, data, options, onResult }: ValidationOptions<Weights, Source, Data, Options>,
): TrainingCallback {
  const { evaluate, refresh } = module;
  if (evaluate === undefined) throw new Error('the module has no evaluate: compile it with a loss or a metric');
  const nothing = async (): Promise<void> => undefined;
  return {
    validationData: null,
    setParams: () => undefined,
    setModel: () => undefined,
    onTrainBegin: nothing,
    onTrainEnd: nothing,
    onEpochBegin: nothing,
    onBatchBegin: nothing,
    onBatchEnd: nothing,
    async onEpochEnd(epoch, logs = {}) {
      await refresh?.(weights, model);
      const found = Object.entries(await evaluate(weights, data, options));
      // A history holds numbers; a metric of several thresholds has one for each.
      const results = found.flatMap(([name, value]) =>
        Array.isArray(value)
          ? value.map((each, i) => [`val_${name}_${i}`, Number(each)] as const)
          : [[`val_${name}`, Number(value)] as const],
      );
      Object.assign(logs, Object.fromEntries(results));
      onResult?.(epoch, Object.fromEntries(results));
    },
  };
}
