import { elements } from '../../ir/types.ts';
import { boolean, integer, object, type Static, withDefault } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { at, mismatch, type OpRow, op, takes } from '../row.ts';

const attrs = object({ axis: integer({ minimum: 0 }), exclusive: withDefault(boolean, false), reverse: withDefault(boolean, false) });

function running(name: 'cumsum' | 'cumprod', kernel: string, doc: string): OpRow<Static<typeof attrs>> {
  return op({
    doc,
    attrs,
    arity: 1,
    infer(operands, { axis }) {
      takes(['f32', 'i32'], name, operands);
      const x = at(operands, 0);
      if (axis >= x.shape.length) mismatch(`${name}: there is no axis ${axis}`, operands);
      return x;
    },
    cost: ([x]) => elements(x?.shape ?? []),
    // tfjs moves the axis last, and back.
    kernels: [kernel, 'Transpose', 'Identity', 'Reshape'],
    emit: ({ args, attrs: { axis, exclusive, reverse } }) =>
      exclusive || reverse
        ? code`${tf(name)}(${at(args, 0)}, ${axis}, ${exclusive}, ${reverse})`
        : code`${tf(name)}(${at(args, 0)}, ${axis})`,
  });
}

export const cumulativeOps = {
  cumsum: running('cumsum', 'Cumsum', 'running sum along an axis; `exclusive` leaves the element itself out, `reverse` runs from the end'),
  cumprod: running('cumprod', 'Cumprod', 'running product along an axis, as cumsum'),
} as const;
