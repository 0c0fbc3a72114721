import { array, object, string } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { free, op } from '../row.ts';

export const strings = op({
  doc: 'texts that are known when compiling, such as a vocabulary',
  attrs: object({ values: array(string) }),
  arity: 0,
  infer: (_, { values }) => ({ dtype: 'str', shape: [values.length] }),
  cost: free,
  kernels: [],
  emit: ({ attrs: { values } }) => code`${tf('tensor')}(${values}, ${[values.length]}, ${'string'})`,
});
