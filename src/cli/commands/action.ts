/** A command's action, loaded when it is called: `--version` must not wait for a compiler. What it returns is the exit status. */
export const action =
  <A extends unknown[]>(load: () => Promise<(...args: A) => Promise<number>>) =>
  async (...args: A): Promise<void> => {
    process.exitCode = await (await load())(...args);
  };
