import { type InterfaceDeclarationStructure, StructureKind } from 'ts-morph';
import { type Feature, isPublic } from '../ir/program.ts';
import { showType } from '../ir/types.ts';
import { comment, tensorType, tfType } from '../ops/code.ts';
import { evaluationTables } from './evaluation.ts';
import { dataLiteral } from './literal.ts';
import { type NameTable, propertyText } from './names.ts';
import type { Plan } from './plan.ts';

/** The types of a module's face, and `info`. */
export function faces(plan: Plan): (string | InterfaceDeclarationStructure)[] {
  const { features, outputs } = plan.program;
  const tables = evaluationTables(plan);
  plan.use('Info');
  return [
    face(plan, 'Inputs', 'What the program is given. Sizes are checked when it runs; other numeric dtypes are cast.', plan.inputs),
    ...(features === null ? [] : [face(plan, 'Features', 'What the prefix returns and the suffix takes.', features)]),
    face(plan, 'Outputs', 'What the program returns. The caller owns these tensors.', outputs.filter(isPublic)),
    ...(outputs.every(isPublic)
      ? []
      : [
          {
            ...face(
              plan,
              'Scored',
              'What only `evaluate` reads.',
              outputs.filter((output) => !isPublic(output)),
            ),
            isExported: false,
          },
        ]),
    ...(tables === null ? [] : [`${tables.face}\n`]),
    `/** The tensors that the program computes with, by the names it uses for them. */\nexport type Weights = ${membersType(plan, plan.weights, plan.names)};`,
    `\n/** Where this program comes from, what it takes and gives, and what it costs. */\nexport const info: Info = ${plan.text(dataLiteral(plan.options.info))};\n`,
  ];
}

const LEFT_OUT: readonly string[] = ['zeros', 'all true'];

/** Inputs take tensors of any declared rank, as their sizes are checked when the program runs; what it returns is exact. */
function face(
  plan: Plan,
  name: 'Inputs' | 'Features' | 'Outputs' | 'Scored',
  doc: string,
  entries: readonly Feature[],
): InterfaceDeclarationStructure {
  return {
    kind: StructureKind.Interface,
    name,
    isExported: true,
    docs: [doc],
    properties: entries.map(({ key, value, fill }) => {
      const type = plan.typeOf(value);
      return {
        name: propertyText(key),
        hasQuestionToken: fill !== undefined,
        type: plan.text(name === 'Inputs' ? tfType('Tensor') : tensorType(type.shape.length)),
        trailingTrivia: ` ${comment(`${showType(type)}${fill === undefined ? '' : `, ${LEFT_OUT[fill]} where left out`}`).text}`,
      };
    }),
  };
}

/** The type of an object that holds values under their identifiers, a line each with its exact type. */
export function membersType(plan: Plan, members: readonly string[], names: NameTable): string {
  if (members.length === 0) return 'Record<never, never>';
  const lines = members.map((name) => {
    const type = plan.typeOf(name);
    return `  ${names.text(name)}: ${plan.text(tensorType(type.shape.length))}; ${comment(showType(type)).text}`;
  });
  return `{\n${lines.join('\n')}\n}`;
}
