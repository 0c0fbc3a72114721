import { readFileSync } from 'node:fs';

/** The files of the page's script, each behind those that it needs. */
const FILES = ['amounts', 'view', 'minimap', 'search', 'panel', 'main'] as const;

let cached: string | undefined;

/**
 * The script of the page, as one file: what `npm run build` makes of `page/`, or those files without their types where skipc runs from
 * sources. They import nothing but each other, and declare no name twice.
 */
export async function pageScript(): Promise<string> {
  if (cached !== undefined) return cached;
  const isSource = import.meta.url.endsWith('.ts');
  const texts = FILES.map((name) => readFileSync(new URL(`page/${name}${isSource ? '.ts' : '.js'}`, import.meta.url), 'utf8'));
  const scripts = isSource ? texts.map((await import('../../emit/javascript.ts')).toJavaScript) : texts;
  const bare = scripts.map((script) =>
    script
      .replace(/^import [^;]*;$/gm, '')
      .replace(/^export (?=(?:async )?(?:function|const|class)\b)/gm, '')
      .replace(/^export \{\};$/gm, ''),
  );
  cached = `'use strict';\n(() => {\n${bare.map((script) => script.trim()).join('\n')}\n})();`;
  return cached;
}
