import { type Arg, isTensorArg } from '../../model/graph.ts';
import { anything, object, optional, string } from '../../schema/build.ts';
import { brief } from '../../schema/validate.ts';
import { type LayerRow, type Lowering, layer } from '../row.ts';
import { Call } from './call.ts';
import type { Operation } from './operation.ts';
import { bind, type Signature } from './signature.ts';

/** The layers into which Keras 2 wraps TensorFlow's own functions and ops. */

type Known = ReadonlyMap<string, { readonly declared: Operation; readonly signature: Signature }>;

function byName(operations: readonly Operation[], of: (declared: Operation) => Readonly<Record<string, Signature>> | undefined): Known {
  return new Map(
    operations.flatMap((declared) =>
      Object.entries(of(declared) ?? {}).flatMap(([names, signature]) =>
        names
          .split(' ')
          .filter((name) => name !== '')
          .map((name) => [name, { declared, signature }] as const),
      ),
    ),
  );
}

const PLUGIN = (className: string, name: string): string =>
  `compute it in a layer of your own instead of ${brief(name)}, and give that as a plug-in, or choose an --output before this ${className}`;

/** A function of TensorFlow, by name, with its arguments: `y = tf.multiply(x, 2.0)` in a functional model. */
export function functionLayers(operations: readonly Operation[]): readonly LayerRow[] {
  const functions = byName(operations, ({ tf }) => tf);
  return [
    ['TFOpLambda', 'a function of TensorFlow, called on tensors of Keras'] as const,
    ['SlicingOpLambda', 'x[key] on a tensor of Keras'] as const,
  ].map(
    ([className, doc]) =>
      layer({
        className,
        only: 2,
        doc,
        config: object({ function: string }),
        takesAny: true,
        onMask: 'drops',
        lower(layer) {
          const { function: name } = layer.config;
          const known = functions.get(name);
          if (known === undefined) return layer.unsupported(`skipc does not compile the function tf.${name}`, PLUGIN(className, name));
          const { bound, stray } = bind(known.signature, layer.args, layer.kwargs);
          if (stray !== null)
            return layer.unsupported(`skipc does not compile tf.${name} with the argument ${brief(stray)}`, PLUGIN(className, name));
          return known.declared.lower(new Call(layer as unknown as Lowering, 'tf', `tf.${name}`, bound));
        },
      }) as unknown as LayerRow,
  );
}

/** An op of a TensorFlow graph, as Keras wrote it before functions: its definition, and constants for some of its inputs. */
export function opLayer(operations: readonly Operation[]): LayerRow {
  const nodes = byName(operations, ({ node }) => node);
  return layer({
    className: 'TensorFlowOpLayer',
    only: 2,
    doc: 'an op of a TensorFlow graph',
    config: object({ node_def: anything, constants: optional(anything) }),
    takesAny: true,
    onMask: 'drops',
    lower(layer) {
      const definition = definitionOf(layer as unknown as Lowering, layer.config.node_def);
      const known = nodes.get(definition.op);
      if (known === undefined)
        return layer.unsupported(`skipc does not compile the op ${brief(definition.op)}`, PLUGIN('TensorFlowOpLayer', definition.op));
      const [inputs = '', attributes = ''] = known.signature.split(';');
      const { bound } = bind(inputs, argumentsOf(layer as unknown as Lowering, layer.config.constants), {});
      const named = Object.entries(definition.attr).filter(([name]) => attributes.split(' ').some((word) => word.split(':')[0] === name));
      const attrs = bind(attributes, [], Object.fromEntries(named.map(([name, value]) => [name, plain(value)])));
      return known.declared.lower(
        new Call(layer as unknown as Lowering, 'tf', `the op ${definition.op}`, new Map([...bound, ...attrs.bound])),
      );
    },
  }) as unknown as LayerRow;
}

/** The op's definition: an object, or its JSON. */
function definitionOf(layer: Lowering, given: unknown): { readonly op: string; readonly attr: Readonly<Record<string, unknown>> } {
  let parsed: unknown = given;
  if (typeof given === 'string') {
    try {
      parsed = JSON.parse(given);
    } catch {
      return layer.mismatch('the definition of an op is not JSON', brief(given));
    }
  }
  const { op, attr } = (parsed ?? {}) as { op?: unknown; attr?: unknown };
  if (typeof op !== 'string') return layer.mismatch('the definition of an op has no name', brief(parsed));
  return { op, attr: typeof attr === 'object' && attr !== null ? (attr as Readonly<Record<string, unknown>>) : {} };
}

/** The op's inputs: constants at their places, tensors at the others. */
function argumentsOf(layer: Lowering, given: unknown): readonly Arg[] {
  const constants = new Map(Object.entries(typeof given === 'object' && given !== null ? given : {}));
  const tensors = layer.args.flatMap((arg) => (Array.isArray(arg) ? (arg as readonly Arg[]) : [arg])).filter(isTensorArg);
  const count = constants.size + tensors.length;
  let next = 0;
  return Array.from({ length: count }, (_, i) => {
    const constant = constants.get(String(i));
    return constant !== undefined ? (constant as Arg) : (tensors[next++] ?? null);
  });
}

/** An attribute without the wrapping that says its type: integers are strings there, and names of types begin with DT_. */
function plain(value: unknown): Arg {
  const { b, i, f, s, type, list } = (value ?? {}) as Record<string, unknown>;
  if (typeof b === 'boolean') return b;
  if (i !== undefined) return Number(i);
  if (typeof f === 'number') return f;
  if (typeof s === 'string') return Buffer.from(s, 'base64').toString('utf8');
  if (typeof type === 'string') return TYPES.get(type) ?? type;
  const items = (list as { i?: unknown } | undefined)?.i;
  return Array.isArray(items) ? items.map(Number) : null;
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['DT_FLOAT', 'float32'],
  ['DT_DOUBLE', 'float64'],
  ['DT_HALF', 'float16'],
  ['DT_INT32', 'int32'],
  ['DT_INT64', 'int64'],
  ['DT_BOOL', 'bool'],
]);
