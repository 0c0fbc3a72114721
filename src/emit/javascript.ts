import { ts } from 'ts-morph';

/** A module without its types, for Node without a build step. */
export function toJavaScript(code: string): string {
  return ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  }).outputText;
}

/** The declarations of a module, under its banner: TypeScript leaves that out where the first import is not declared with. */
export function toDeclarations(code: string): string {
  const banner = /^(\/\/.*\n)*/.exec(code)?.[0] ?? '';
  const declarations = ts.transpileDeclaration(code, {
    compilerOptions: { declaration: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, isolatedDeclarations: true },
  }).outputText;
  return declarations.startsWith(banner) ? declarations : banner + declarations;
}
