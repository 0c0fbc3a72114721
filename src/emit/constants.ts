import type { Output } from '../ir/program.ts';
import { quote } from '../ops/code.ts';
import { tfjsDType } from '../ops/elementwise/cast.ts';
import { membersType } from './faces.ts';
import { type Data, dataLiteral } from './literal.ts';
import type { Plan } from './plan.ts';

/** The tables that the runtime checks against: inputs, features and variables; and the weights, where they are inline. */
export function constants(plan: Plan): string[] {
  const { features, weights } = plan.program;
  const found: string[] = [];
  if (plan.inputs.length > 0 || features !== null) plan.use('InputSpec');
  if (plan.inputs.length > 0) found.push(table(plan, 'INPUTS', 'InputSpec', specs(plan, plan.inputs)));
  if (features !== null) found.push(table(plan, 'FEATURES', 'InputSpec', specs(plan, features)));
  if (weights.length > 0) {
    const variables = weights.map(({ name, layer, variable, position, type }): [string, Data] => [
      plan.names.text(name),
      [`${layer}/${variable}`, position, type.shape, tfjsDType(type.dtype)],
    ]);
    const doc = '/** The variables of the model: name, position among those of its layer, shape, dtype. */';
    found.push(`${doc}\n${table(plan, 'VARIABLES', 'Variable', Object.fromEntries(variables))}`);
    if (plan.prepares)
      found.push(
        `type Variables = ${membersType(
          plan,
          weights.map(({ name }) => name),
        )};`,
      );
  }
  if (plan.options.weights.from === 'inline') found.push(`const WEIGHTS = ${quote(plan.options.weights.base64)};`);
  return found.map((text) => `\n${text}`);
}

function specs(plan: Plan, entries: readonly Output[]): Data {
  const spec = (value: string): Data => [tfjsDType(plan.typeOf(value).dtype), plan.typeOf(value).shape];
  return Object.fromEntries(entries.map(({ key, value }): [string, Data] => [key, spec(value)]));
}

const table = (plan: Plan, name: string, type: string, data: Data): string =>
  `const ${name}: Readonly<Record<string, ${type}>> = ${plan.text(dataLiteral(data))};`;
