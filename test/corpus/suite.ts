/** One model or layer to try, with what is known of it. */
export interface Case {
  readonly name: string;
  /** The model's JSON, to tell a custom layer from one of Keras; absent where it lies in a file that skipc has to read first. */
  readonly topology?: unknown;
  /** @throws where skipc refuses the case, or gives something else than is expected */
  run(): Promise<void>;
  /** As `run`, of the model as if another writer had written it: what proves a difference to be that of the writers. */
  runAs?(writer: Writer): Promise<void>;
}

/** What a file says of its writer. */
export interface Writer {
  readonly keras_version: string;
  readonly backend: string;
}

/** Cases of one kind, out of one folder of the corpus. */
export interface Suite {
  readonly name: string;
  /** The folder or file that has to be there. */
  readonly needs: string;
  /** @param corpus the corpus folder, with a slash at its end */
  cases(corpus: URL): readonly Case[];
}

/** The result of a case was not what is expected. */
export class Difference extends Error {}
