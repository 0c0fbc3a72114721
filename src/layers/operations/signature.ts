import type { Arg } from '../../model/graph.ts';

/**
 * The parameters of a function in their order, as `name` or `name:ours` where another writer calls ours otherwise; a last `*name`
 * takes all further arguments as a list.
 */
export type Signature = string;

/** What a call hands over, by our names of the parameters. */
export type Bound = ReadonlyMap<string, Arg>;

interface Parameter {
  readonly theirs: string;
  readonly ours: string;
  readonly takesRest: boolean;
}

function parametersOf(signature: Signature): readonly Parameter[] {
  return signature
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const name = word.replace('*', '');
      const [theirs = name, ours = theirs] = name.split(':');
      return { theirs, ours, takesRest: word.startsWith('*') };
    });
}

/**
 * Binds arguments to parameters as Python does.
 * @returns the name or position of the argument that fits none, where there is one
 */
export function bind(
  signature: Signature,
  args: readonly Arg[],
  kwargs: Readonly<Record<string, Arg>>,
): { readonly bound: Map<string, Arg>; readonly stray: string | null } {
  const bound = new Map<string, Arg>();
  const parameters = parametersOf(signature);
  const rest = parameters.findIndex(({ takesRest }) => takesRest);
  args.slice(0, rest < 0 ? args.length : rest).forEach((arg, i) => {
    const parameter = parameters[i];
    if (parameter !== undefined) bound.set(parameter.ours, arg);
  });
  const collecting = parameters[rest];
  if (collecting !== undefined) bound.set(collecting.ours, args.slice(rest));
  else if (args.length > parameters.length) return { bound, stray: `number ${parameters.length}` };
  for (const [name, arg] of Object.entries(kwargs)) {
    const parameter = parameters.find(({ theirs }) => theirs === name);
    if (parameter !== undefined) bound.set(parameter.ours, arg);
    // Every function of TensorFlow takes a name, which means nothing.
    else if (name !== 'name') return { bound, stray: name };
  }
  return { bound, stray: null };
}
