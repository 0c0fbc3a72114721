import { ts } from 'ts-morph';

/** A module without its types, for Node without a build step. */
export function toJavaScript(code: string): string {
  return ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  }).outputText;
}

/** The declarations of a module. */
export function toDeclarations(code: string): string {
  return ts.transpileDeclaration(code, {
    compilerOptions: { declaration: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, isolatedDeclarations: true },
  }).outputText;
}
