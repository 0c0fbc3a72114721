import type { Feature } from '../ir/program.ts';
import { code, quote } from '../ops/code.ts';
import { tfjsDType } from '../ops/elementwise/cast.ts';
import { evaluationTables } from './evaluation.ts';
import { membersType } from './faces.ts';
import { type Data, dataLiteral } from './literal.ts';
import { frozen, needs, prefixList } from './loading.ts';
import { layoutHash, typeText } from './members.ts';
import { property } from './names.ts';
import type { Plan } from './plan.ts';
import { preparedType } from './preparation.ts';

/** The tables that the runtime checks against: inputs, features, variables, and what a baked file holds. */
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
  const tables = evaluationTables(plan);
  if (tables !== null) found.push(tables.heads);
  found.push(...prefixList(plan));
  const needed = needs(plan);
  if (weights.length > 0 && needed.length > 0) {
    found.push(
      `/** The variables on which depend the prefix, and the parts of the load stage. */\nconst NEEDS = ${plan.text(dataLiteral(Object.fromEntries(needed)))};`,
    );
  }
  if (frozen(plan).length > 0) {
    found.push(`/** Those of the prefix, which no training changed. */\nconst FROZEN = ${plan.text(dataLiteral(frozen(plan)))};`);
  }
  if (plan.prepares) found.push(...preparationTypes(plan));
  if (plan.bakes) found.push(bakedTable(plan));
  return found.map((text, i) => (i === 0 ? text : `\n${text}`));
}

/** The weight file, where the module holds it. */
export const inlineWeights = (file: Uint8Array): string => `const WEIGHTS = ${quote(Buffer.from(file).toString('base64'))};`;

const LONGEST_ROW = 120;

/** What a baked file of this program holds, as many to a line as fit. */
function bakedTable(plan: Plan): string {
  const rows: string[] = [];
  let row = '';
  for (const member of plan.members) {
    const item = plan.text(code`${property(member.name)}: ${typeText(member)},`);
    if (row !== '' && row.length + item.length > LONGEST_ROW - 4) {
      rows.push(`    ${row.trimEnd()}`);
      row = '';
    }
    row += `${item} `;
  }
  if (row !== '') rows.push(`    ${row.trimEnd()}`);
  const head = `  program: ${quote(plan.options.hash)},\n  layout: ${quote(layoutHash(plan.members))},`;
  const doc = '/** What a baked file holds, whose load stage is done. */';
  return `${doc}\nconst BAKED: Baked = {\n${head}\n  weights: {\n${rows.join('\n')}\n  },\n};`;
}

/** What the load stage computes with, and what it computes. */
function preparationTypes(plan: Plan): string[] {
  const variables = plan.program.weights.map(({ name }) => name);
  return [
    ...(variables.length > 0 ? [`type Variables = ${membersType(plan, variables, plan.variables)};`] : []),
    ...plan.preparations.map(({ name, values }) => `type ${preparedType(name)} = ${membersType(plan, values, plan.names)};`),
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
