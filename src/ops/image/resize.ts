import { elements, isKnown, times } from '../../ir/types.ts';
import { array, boolean, integer, nullable, object, type Static, withDefault } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { at, mismatch, type OpRow, op, takes } from '../row.ts';

/** Where the output's size is `null`, it is `factor` times the input's, which may be unknown until it runs. */
const attrs = object({
  size: array(nullable(integer({ minimum: 1 })), { minItems: 2, maxItems: 2 }),
  factor: array(integer({ minimum: 1 }), { minItems: 2, maxItems: 2 }),
  halfPixelCenters: boolean,
  alignCorners: withDefault(boolean, false),
});

function resize(name: 'resizeBilinear' | 'resizeNearestNeighbor', kernel: string, doc: string, flops: number): OpRow<Static<typeof attrs>> {
  return op({
    doc,
    attrs,
    arity: 1,
    infer(operands, { size, factor }) {
      takes(['f32'], name, operands);
      const { shape } = at(operands, 0);
      if (shape.length !== 4) mismatch(`${name} takes rank 4`, operands);
      const sizes = size.map((known, i) => {
        const [dim, by] = [at(shape, i + 1), at(factor, i)];
        return known ?? (isKnown(dim) ? dim * by : times(dim, by));
      });
      return { dtype: 'f32', shape: [at(shape, 0), ...sizes, at(shape, 3)] };
    },
    cost: (_, results) => flops * elements(at(results, 0).shape),
    kernels: [kernel],
    emit({ args, attrs: { size, factor, halfPixelCenters, alignCorners } }) {
      const x = at(args, 0);
      const scaled = (axis: number, by: number) => (by === 1 ? code`${x}.shape[${axis}]` : code`${x}.shape[${axis}] * ${by}`);
      const sizes = size.map((known, i) => known ?? scaled(i + 1, at(factor, i)));
      const method = name === 'resizeBilinear' ? code`${tf('image')}.resizeBilinear` : code`${tf('image')}.resizeNearestNeighbor`;
      // tfjs types the size as a pair; a literal with computed members needs no cast where it stands as an argument.
      return code`${method}(${x}, ${sizes}, ${alignCorners}, ${halfPixelCenters})`;
    },
  });
}

export const resizeOps = {
  resizeBilinear: resize('resizeBilinear', 'ResizeBilinear', 'images at another size, each pixel mixed from its four neighbours', 8),
  resizeNearestNeighbor: resize('resizeNearestNeighbor', 'ResizeNearestNeighbor', 'images at another size, each pixel the nearest one', 1),
} as const;
