import { splitTensor, type TensorId } from '../model/graph.ts';

/** A tensor as the user would name it: `layer`, `layer:k`, `layer@n` or `layer@n:k`. */
export function tensorName(tensor: TensorId): string {
  const { call, index } = splitTensor(tensor);
  const name = call.endsWith('@0') ? call.slice(0, -2) : call;
  return index === 0 ? name : `${name}:${index}`;
}
