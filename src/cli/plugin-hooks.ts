import { readFile } from 'node:fs/promises';
import type { LoadHook, ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * How Node loads plug-ins: `skipc/plugin` is this very skipc, wherever the plug-in lies, and TypeScript is stripped of its types.
 * Runs in a thread of Node's own.
 */
export const resolve: ResolveHook = (specifier, context, next) =>
  specifier === 'skipc/plugin'
    ? { url: new URL('../plugin.js', import.meta.url).href, format: 'module', shortCircuit: true }
    : next(specifier, context);

export const load: LoadHook = async (url, context, next) => {
  if (!/^file:.*\.m?ts$/.test(url)) return next(url, context);
  const { ts } = await import('ts-morph');
  const { outputText: source, diagnostics = [] } = ts.transpileModule(await readFile(fileURLToPath(url), 'utf8'), {
    fileName: url,
    reportDiagnostics: true,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
  });
  const [wrong] = diagnostics;
  if (wrong !== undefined) throw new SyntaxError(ts.flattenDiagnosticMessageText(wrong.messageText, ' '));
  return { format: 'module', source, shortCircuit: true };
};
