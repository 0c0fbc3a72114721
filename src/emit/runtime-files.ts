import { readFileSync } from 'node:fs';
import { type Identifier, Node, Project, type SourceFile, SyntaxKind } from 'ts-morph';

/** What every module has in common: declarations of the files in `src/runtime`, pasted under the generated code. */
const FILES = [
  'info',
  'scope',
  'inputs',
  'fill',
  'load',
  'live-weights',
  'refresh',
  'baked',
  'resolve',
  'safetensors',
  'lookup',
  'text',
  'hash',
  'spectrum',
  'slice',
  'kernels',
  'reverse',
  'steps',
  'evaluate/evaluate',
  'evaluate/guard',
  'evaluate/assigned',
  'evaluate/score',
  'evaluate/heads',
  'evaluate/data',
  'evaluate/features',
  'evaluate/feature-cache',
  'evaluate/prefix-key',
  'evaluate/ndarray',
  'evaluate/sums',
  'evaluate/metric',
  'evaluate/mean-metric',
  'evaluate/shapes',
  'evaluate/labels',
  'evaluate/elementwise',
  'evaluate/accuracies',
  'evaluate/crossentropies',
  'evaluate/focal',
  'evaluate/regression',
  'evaluate/hinges',
  'evaluate/overlaps',
  'evaluate/similarities',
  'evaluate/confusion',
  'evaluate/counts',
  'evaluate/auc',
  'evaluate/f-score',
  'evaluate/iou',
  'evaluate/r2-score',
  'evaluate/batch-metrics',
];

export interface Declaration {
  readonly name: string;
  readonly text: string;
  /** Names of other declarations, and of imports from tfjs, that it mentions. */
  readonly mentions: ReadonlySet<string>;
}

export interface Runtime {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Import specifiers from tfjs-core, as written: `type Tensor` or `tidy`. */
  readonly imports: ReadonlyMap<string, string>;
}

/** Parses the files of `src/runtime`, which takes as long as compiling a model of a hundred layers. */
export function parseRuntime(): Runtime {
  const project = new Project({ useInMemoryFileSystem: true, skipLoadingLibFiles: true });
  const declarations = new Map<string, Declaration>();
  const imports = new Map<string, string>();
  for (const file of FILES) {
    const path = new URL(`../../src/runtime/${file}.ts`, import.meta.url);
    const source = project.createSourceFile(`${file}.ts`, readFileSync(path, 'utf8'));
    for (const [name, specifier] of tfjsImports(source)) {
      // What one file imports as a value, another may import as a type.
      if (specifier === name || !imports.has(name)) imports.set(name, specifier);
    }
    for (const declaration of declarationsOf(source)) {
      if (declarations.has(declaration.name)) throw new Error(`src/runtime declares ${declaration.name} twice`);
      declarations.set(declaration.name, declaration);
    }
  }
  return { declarations, imports };
}

function tfjsImports(source: SourceFile): [string, string][] {
  return source
    .getImportDeclarations()
    .filter((declaration) => declaration.getModuleSpecifierValue() === '@tensorflow/tfjs-core')
    .flatMap((declaration) =>
      declaration.getNamedImports().map((named): [string, string] => {
        const isType = declaration.isTypeOnly() || named.isTypeOnly();
        return [named.getName(), isType ? `type ${named.getName()}` : named.getName()];
      }),
    );
}

function declarationsOf(source: SourceFile): Declaration[] {
  return source.getStatements().flatMap((statement) => {
    const isType = Node.isInterfaceDeclaration(statement) || Node.isTypeAliasDeclaration(statement);
    const names = Node.isVariableStatement(statement)
      ? statement.getDeclarations().map((declaration) => declaration.getName())
      : isType || Node.isFunctionDeclaration(statement)
        ? [statement.getName()]
        : [];
    const [name] = names;
    if (name === undefined) return [];
    // Types are part of the module's face; functions and tables are its own.
    const text = statement.getText(true);
    const identifiers = statement.getDescendantsOfKind(SyntaxKind.Identifier).filter((identifier) => !isProperty(identifier));
    const mentions = new Set(identifiers.map((identifier) => identifier.getText()));
    return [{ name, text: isType ? text : text.replace(/^export (?=(async )?function|const)/m, ''), mentions }];
  });
}

/** True for the name of a property: `slice` in `bytes.slice(0)` is none of tfjs's. */
function isProperty(identifier: Identifier): boolean {
  const parent = identifier.getParent();
  if (Node.isPropertyAccessExpression(parent)) return parent.getNameNode() === identifier;
  const isNamed = Node.isPropertyAssignment(parent) || Node.isPropertySignature(parent) || Node.isNamedTupleMember(parent);
  return isNamed && parent.getNameNode() === identifier;
}
