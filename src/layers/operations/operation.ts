import type { Value } from '../../ir/program.ts';
import { object } from '../../schema/build.ts';
import { type LayerRow, type Lowering, layer } from '../row.ts';
import { Call } from './call.ts';
import { bind, type Signature } from './signature.ts';

/** An operation of a graph, under all the names by which files call it, and what it computes. */
export interface Operation {
  /** Keras 3's class, as `numpy.Mean` for `keras.ops.mean`; several separated by spaces. */
  readonly keras: string;
  /** The parameters of the class's `call`; those of its constructor come from the config by their own names. */
  readonly call: Signature;
  /** Functions of TensorFlow, as Keras 2's TFOpLambda names them (several separated by spaces), and their parameters by Keras 3's names. */
  readonly tf?: Readonly<Record<string, Signature>>;
  /** Ops of TensorFlow graphs, as Keras 2's TensorFlowOpLayer holds them: inputs, then behind `;` attributes. */
  readonly node?: Readonly<Record<string, Signature>>;
  readonly doc: string;
  lower(call: Call): Value | readonly Value[];
}

/** Declares an operation. */
export const operation = (declared: Operation): Operation => declared;

/** The operations's layer row, under which Keras 3 saves its nodes. */
export function rowOf(declared: Operation): LayerRow {
  const [className = '', ...aliases] = declared.keras.split(' ').map((name) => `ops.${name}`);
  return layer({
    className,
    aliases,
    only: 3,
    doc: declared.doc,
    config: object({}),
    takesAny: true,
    onMask: 'drops',
    lower: (layer) => declared.lower(kerasCall(layer as Lowering, declared, className)),
  }) as LayerRow;
}

function kerasCall(layer: Lowering, declared: Operation, className: string): Call {
  const { bound, stray } = bind(declared.call, layer.args, layer.kwargs);
  if (stray !== null) return layer.mismatch(`keras.${className} has no argument`, stray);
  return new Call(layer, 'keras', `keras.${className}`, bound, layer.config as Readonly<Record<string, unknown>>);
}
