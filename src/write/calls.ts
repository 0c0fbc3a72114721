import { type Arg, type Call, isTensorArg, type ModelGraph, type TensorId, tensorsIn } from '../model/graph.ts';

/** A tensor as Keras refers to it: the k-th of the n-th call of a layer. */
export type Place = readonly [layer: string, call: number, tensor: number];

/** How the file that is written names tensors, and what is known of them. */
export interface Places {
  of(tensor: TensorId): Place;
  readonly stated: ModelGraph['statedShapes'];
  /** Names of layers: a list that begins with one may look like a tensor. */
  readonly names: ReadonlySet<string>;
}

/**
 * A call as one of `inbound_nodes`: as Keras 2 writes it, where that can say it and the model is not of Keras 3, else as Keras 3 does.
 * Recursive over arguments, whose nesting is bounded.
 */
export function nodeOf(call: Call, places: Places, isKeras3: boolean): unknown {
  if (!isKeras3 && isPlain(call, places)) {
    const kwargs = mapValues(call.kwargs, (arg) => convert(arg, (tensor) => places.of(tensor)));
    return tensorsIn(call.args).map((tensor) => [...places.of(tensor), kwargs]);
  }
  const history = (tensor: TensorId): unknown => {
    const { shape, dtype } = places.stated.get(tensor) ?? {};
    const known = shape === undefined ? {} : { shape, dtype };
    return { class_name: '__keras_tensor__', config: { ...known, keras_history: places.of(tensor) } };
  };
  return { args: call.args.map((arg) => convert(arg, history)), kwargs: mapValues(call.kwargs, (arg) => convert(arg, history)) };
}

/** True where the call has one argument, a tensor or a list of several, and nothing beside it that reads as a tensor and is none. */
function isPlain({ args, kwargs }: Call, { names, stated }: Places): boolean {
  const [first = null, ...others] = args;
  if (others.length > 0 || tensorsIn(args).some((tensor) => stated.has(tensor))) return false;
  const isList = Array.isArray(first) && first.length > 1 && first.every(isTensorArg);
  return (isTensorArg(first) || isList) && !Object.values(kwargs).some((arg) => looksLikeTensor(arg, names));
}

function looksLikeTensor(arg: Arg, names: ReadonlySet<string>): boolean {
  if (typeof arg !== 'object' || arg === null || isTensorArg(arg)) return false;
  if (Array.isArray(arg) && names.has(String(arg[0]))) return true;
  return Object.values(arg).some((inner) => looksLikeTensor(inner as Arg, names));
}

function convert(arg: Arg, tensor: (tensor: TensorId) => unknown): unknown {
  if (typeof arg !== 'object' || arg === null) return arg;
  if (isTensorArg(arg)) return tensor(arg.tensor);
  return Array.isArray(arg)
    ? arg.map((item: Arg) => convert(item, tensor))
    : mapValues(arg as Record<string, Arg>, (item) => convert(item, tensor));
}

/** `fromEntries` defines keys such as `__proto__` instead of assigning to them. */
const mapValues = (object: Readonly<Record<string, Arg>>, change: (arg: Arg) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).map(([key, arg]) => [key, change(arg)]));
