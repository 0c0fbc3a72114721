import { type Dim, isKnown, type Shape } from '../../ir/types.ts';
import { array, either, integer, nullable, object, type Static, string, withDefault } from '../../schema/build.ts';
import { brief } from '../../schema/validate.ts';
import { activate, activationConfig } from '../activations/activate.ts';
import { einsum } from '../einsum.ts';
import { adaptedKernel, loraConfig } from '../lora.ts';
import { type Lowering, layer } from '../row.ts';

const sizes = array(nullable(integer({ minimum: 1 })));

const config = object({
  equation: string,
  output_shape: either(integer({ minimum: 1 }), sizes),
  bias_axes: withDefault(nullable(string), null),
  activation: activationConfig,
  ...loraConfig,
});

export const einsumDense = layer({
  className: 'EinsumDense',
  doc: 'activation(einsum(x, kernel) + bias) by an equation of two tensors',
  config,
  onMask: 'drops',
  lower(layer) {
    const { equation, activation } = layer.config;
    const { x } = layer;
    const shapes = weightShapes(layer, x.type.shape);
    const kernel = layer.weight('kernel', shapes.kernel);
    const bias = shapes.bias === null ? null : layer.weight('bias', shapes.bias);
    const product = einsum(layer, equation, [x, adaptedKernel(layer, kernel)]);
    const sum = bias === null ? product : layer.op('add', [product, bias], {}, 'sum');
    return activate(layer, sum, activation);
  },
});

/** One of the three forms Keras knows: without an ellipsis, with one on the left, with one on the right. */
const EQUATION = /^(\.\.\.)?([A-Za-z]+)(\.\.\.)?,([A-Za-z]+)->(\.\.\.)?([A-Za-z]+)(\.\.\.)?$/;

/**
 * Shapes of the kernel and the bias, by Keras's rules (`_analyze_einsum_string`): `output_shape` says the sizes of the output behind
 * the batch, as far as the input does not.
 */
function weightShapes(
  layer: Lowering<Static<typeof config>>,
  input: Shape,
): { readonly kernel: readonly number[]; readonly bias: readonly number[] | null } {
  const { equation, output_shape, bias_axes } = layer.config;
  const [, leftIn, inputs = '', rightIn, weights = '', leftOut, outputs = '', rightOut] = EQUATION.exec(equation) ?? [];
  const onLeft = leftIn !== undefined;
  if (inputs === '' || leftIn !== leftOut || rightIn !== rightOut || (onLeft && rightIn !== undefined))
    return layer.mismatch('EinsumDense takes an equation such as ab,bc->ac, ...a,ab->...b or ab...,bc->ac...', brief(equation));
  const hidden = input.length - inputs.length;
  if (hidden < 0 || (hidden > 0 && !onLeft && rightIn === undefined))
    return layer.mismatch(`the equation ${brief(equation)} is not for an input`, input);
  const stated: (Dim | null)[] = [output_shape].flat();
  // Under an ellipsis on the left, the first axis of the output is the batch already.
  const elided = onLeft ? input.slice(1, hidden) : input.slice(input.length - hidden);
  const full = [input[0] ?? null, ...(onLeft ? elided : []), ...stated, ...(onLeft ? [] : elided)];
  const inputSize = sizesBy(inputs, onLeft ? input.slice(hidden) : input);
  const outputSize = sizesBy(outputs, onLeft ? full.slice(hidden) : full);
  for (const [letter, size] of inputSize) {
    const other = outputSize.get(letter) ?? null;
    if (other !== null && size !== null && isKnown(other) && isKnown(size) && other !== size)
      return layer.mismatch(`axis ${letter} of the equation ${brief(equation)} has different sizes`, `${size} and ${other}`);
  }
  const known = (letter: string, what: string): number => {
    const found = [outputSize.get(letter) ?? null, inputSize.get(letter) ?? null].find((size) => size !== null && isKnown(size));
    return typeof found === 'number' ? found : layer.mismatch(`axis ${letter} of the ${what} has no known size`, input);
  };
  const axes = bias_axes ?? '';
  const stray = [...axes].find((letter) => !outputs.includes(letter));
  if (stray !== undefined) return layer.mismatch(`the bias has an axis ${stray}, which the output has not`, brief(equation));
  const first = Math.min(...[...axes].map((letter) => outputs.indexOf(letter)));
  return {
    kernel: [...weights].map((letter) => known(letter, 'kernel')),
    bias:
      axes === ''
        ? null
        : [
            ...[...outputs.slice(first)].map((letter) => (axes.includes(letter) ? known(letter, 'bias') : 1)),
            ...(onLeft ? [] : Array.from({ length: hidden }, () => 1)),
          ],
  };
}

const sizesBy = (letters: string, shape: readonly (Dim | null)[]): ReadonlyMap<string, Dim | null> =>
  new Map([...letters].map((letter, i) => [letter, shape[i] ?? null]));
