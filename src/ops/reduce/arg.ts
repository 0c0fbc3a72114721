import { elements } from '../../ir/types.ts';
import { integer, object, type Static } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { at, mismatch, type OpRow, op, takes } from '../row.ts';

const attrs = object({ axis: integer({ minimum: 0 }) });

function positionOf(name: 'argMax' | 'argMin', kernel: string, doc: string): OpRow<Static<typeof attrs>> {
  return op({
    doc,
    attrs,
    arity: 1,
    infer(operands, { axis }) {
      takes(['f32', 'i32'], name, operands);
      const { shape } = at(operands, 0);
      if (axis >= shape.length) mismatch(`${name}: there is no axis ${axis}`, operands);
      return { dtype: 'i32', shape: shape.filter((_, i) => i !== axis) };
    },
    cost: ([x]) => elements(x?.shape ?? []),
    kernels: [kernel],
    emit: ({ args, attrs: { axis } }) => code`${tf(name)}(${at(args, 0)}, ${axis})`,
  });
}

export const argOps = {
  argMax: positionOf('argMax', 'ArgMax', 'where along an axis the largest stands; the first of equal ones'),
  argMin: positionOf('argMin', 'ArgMin', 'where along an axis the smallest stands; the first of equal ones'),
} as const;
