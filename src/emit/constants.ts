import type { Feature } from '../ir/program.ts';
import { quote } from '../ops/code.ts';
import { tfjsDType } from '../ops/elementwise/cast.ts';
import { membersType } from './faces.ts';
import { type Data, dataLiteral } from './literal.ts';
import { isVariable, type Plan } from './plan.ts';

/** The tables that the runtime checks against: inputs, features and variables; and the weights, where they are inline. */
export function constants(plan: Plan): string[] {
  const { features, weights } = plan.program;
  const found: string[] = [];
  if (plan.inputs.length > 0) found.push(specs(plan, 'INPUTS', plan.inputs));
  if (features !== null) found.push(specs(plan, 'FEATURES', features));
  if (weights.length > 0) {
    const variables = weights.map(({ name, layer, variable, position, type }): [string, Data] => [
      plan.variables.text(name),
      [`${layer}/${variable}`, position, type.shape, tfjsDType(type.dtype)],
    ]);
    const doc = '/** The variables of the model: name, position among those of its layer, shape, dtype. */';
    found.push(`${doc}\nconst VARIABLES: Readonly<Record<string, Variable>> = ${plan.text(dataLiteral(Object.fromEntries(variables)))};`);
  }
  if (plan.prepares) found.push(...preparationTypes(plan));
  if (plan.options.weights.from === 'inline') found.push(`const WEIGHTS = ${quote(plan.options.weights.base64)};`);
  return found.map((text, i) => (i === 0 ? text : `\n${text}`));
}

/** What the load stage computes with, and what it computes. */
function preparationTypes(plan: Plan): string[] {
  const variables = plan.program.weights.map(({ name }) => name);
  const computed = plan.weights.filter((name) => !isVariable(name));
  return [
    ...(variables.length > 0 ? [`type Variables = ${membersType(plan, variables, plan.variables)};`] : []),
    `type Prepared = ${membersType(plan, computed, plan.names)};`,
  ];
}

/** A constant, and not a `Record`: in one of those, TypeScript takes a row called `toString` for the method. */
function specs(plan: Plan, name: 'INPUTS' | 'FEATURES', entries: readonly Feature[]): string {
  const spec = ({ value, fill }: Feature): Data => {
    const { dtype, shape } = plan.typeOf(value);
    return [tfjsDType(dtype), shape, ...(fill === undefined ? [] : [fill])];
  };
  const rows = Object.fromEntries(entries.map((entry): [string, Data] => [entry.key, spec(entry)]));
  return `const ${name} = ${plan.text(dataLiteral(rows))} as const;`;
}
