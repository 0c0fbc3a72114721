import { fileURLToPath } from 'node:url';
import { Project, ts } from 'ts-morph';

const HERE = fileURLToPath(new URL('.', import.meta.url));

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  types: [],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  isolatedModules: true,
  // tfjs's own declarations are not ours to check.
  skipLibCheck: true,
  noEmit: true,
};

/**
 * Type-checks files as one program, the strictest way an application may.
 * @param files by name; they stand in this folder, so that packages resolve
 * @returns the diagnostics, a line each
 */
export function typeErrors(files: ReadonlyMap<string, string>): string[] {
  const project = new Project({ compilerOptions: OPTIONS, skipAddingFilesFromTsConfig: true });
  for (const [name, text] of files) project.createSourceFile(`${HERE}type-check/${name}`, text);
  return project.getPreEmitDiagnostics().map((diagnostic) => {
    const { file, start, code, messageText } = diagnostic.compilerObject;
    const place =
      file === undefined ? '' : `${file.fileName.split('/').at(-1)}:${file.getLineAndCharacterOfPosition(start ?? 0).line + 1}: `;
    return `${place}TS${code} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
