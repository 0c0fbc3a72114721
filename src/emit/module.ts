import { IndentationText, Project, QuoteKind } from 'ts-morph';
import type { Program } from '../ir/program.ts';
import { comment, quote } from '../ops/code.ts';
import { bodies } from './bodies.ts';
import { constants, inlineWeights } from './constants.ts';
import { entries } from './entries.ts';
import { faces } from './faces.ts';
import { keeping } from './loading.ts';
import type { Member } from './members.ts';
import { type ModuleOptions, Plan } from './plan.ts';
import { runtimeFor } from './runtime.ts';

export type { DefaultWeights, ModuleOptions } from './plan.ts';

const KERNELS =
  '// The kernels that the program runs: as the functions of tfjs of the same names, without their checks, which were made when compiling.';
const RUNTIME = '// What follows is the same in every module that skipc writes: reading weights and checking what is handed in.';

/** A module whose names are settled, but for the weights that it may hold. */
export interface PlannedModule {
  /** What a baked weight file of the module holds, in this order. */
  readonly members: readonly Member[];
  /** What the module calls each value of the program that it computes or holds. */
  readonly identifiers: ReadonlyMap<string, string>;
  /**
   * The module's text.
   * @param weights the weight file, where the module holds it
   */
  write(weights?: Uint8Array): string;
}

/** The TypeScript module that evaluates a staged program. */
export const emitModule = (program: Program, options: ModuleOptions): string => planModule(program, options).write();

/** As `emitModule`, of which what weight files depend on comes first. */
export function planModule(program: Program, options: ModuleOptions): PlannedModule {
  let plan = new Plan(program, options);
  let statements = statementsOf(plan);
  // A layer may have the name of a tfjs function that the program calls; which it calls is known only now.
  if ([...plan.imports].some((name) => plan.names.has(name))) {
    plan = new Plan(program, options, plan.imports);
    statements = statementsOf(plan);
  }
  return { members: plan.members, identifiers: plan.names.all, write: (weights) => textOf(plan, statements, weights) };
}

function textOf(plan: Plan, statements: ReturnType<typeof statementsOf>, weights: Uint8Array | undefined): string {
  const { options } = plan;
  const runtime = runtimeFor(plan.runtime);
  const imports = new Set([...plan.imports, ...runtime.imports]);
  // What a part of the runtime imports is there already.
  const kernels = [...plan.declarations].filter(([name]) => !imports.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  const project = new Project({
    useInMemoryFileSystem: true,
    skipLoadingLibFiles: true,
    manipulationSettings: { indentationText: IndentationText.TwoSpaces, quoteKind: QuoteKind.Single },
  });
  const head = [
    ...options.banner.map((line) => comment(line).text),
    ...(options.backend === undefined ? [] : [`import ${quote(options.backend)};`]),
    importFromTfjs(imports),
  ];
  const file = project.createSourceFile('module.ts', {
    statements: [
      `${head.join('\n')}\n`,
      ...statements,
      ...(weights === undefined ? [] : [`\n${inlineWeights(weights)}`]),
      ...(kernels.length > 0 ? [`\n${KERNELS}\n\n${kernels.map(([, text]) => text).join('\n\n')}`] : []),
      `\n${RUNTIME}\n\n${runtime.text}`,
    ],
  });
  // ts-morph indents empty lines too.
  return file.getFullText().replace(/[ \t]+$/gm, '');
}

const statementsOf = (plan: Plan) => [...faces(plan), ...entries(plan), ...bodies(plan), ...keeping(plan), ...constants(plan)];

const LONGEST_LINE = 120;

/** The import from tfjs, on one line where that is short, in the order of the names. What is imported as a value needs no type import. */
function importFromTfjs(specifiers: ReadonlySet<string>): string {
  const bare = (specifier: string): string => specifier.replace(/^type /, '');
  const needed = [...specifiers].filter((specifier) => specifier === bare(specifier) || !specifiers.has(bare(specifier)));
  const sorted = needed.sort((a, b) => (bare(a) < bare(b) ? -1 : 1));
  const line = `import { ${sorted.join(', ')} } from '@tensorflow/tfjs-core';`;
  if (line.length <= LONGEST_LINE) return line;
  return `import {\n${sorted.map((specifier) => `  ${specifier},\n`).join('')}} from '@tensorflow/tfjs-core';`;
}
