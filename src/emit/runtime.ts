import { existsSync, readFileSync } from 'node:fs';
import { type Declaration, parseRuntime, type Runtime } from './runtime-files.ts';

/** What `npm run build` leaves beside this file, parsed; sources that run as they are have none. */
const BUILT = new URL('runtime.json', import.meta.url);

let cached: Runtime | undefined;

const runtime = (): Runtime => (cached ??= existsSync(BUILT) ? fromJson(readFileSync(BUILT, 'utf8')) : parseRuntime());

/** The runtime as JSON, for the next process. */
export function toJson({ declarations, imports }: Runtime): string {
  const all = [...declarations.values()].map((declaration) => ({ ...declaration, mentions: [...declaration.mentions] }));
  return JSON.stringify({ declarations: all, imports: [...imports] });
}

function fromJson(text: string): Runtime {
  const { declarations, imports } = JSON.parse(text) as {
    readonly declarations: readonly (Omit<Declaration, 'mentions'> & { readonly mentions: readonly string[] })[];
    readonly imports: readonly (readonly [string, string])[];
  };
  const all = declarations.map((declaration) => [declaration.name, { ...declaration, mentions: new Set(declaration.mentions) }] as const);
  return { declarations: new Map(all), imports: new Map(imports) };
}

/** The declarations that some names need, in file order, and what they import from tfjs. */
export function runtimeFor(roots: Iterable<string>): { readonly text: string; readonly imports: ReadonlySet<string> } {
  const { declarations, imports } = runtime();
  const needed = new Set<string>();
  const queue = [...roots];
  for (const name of queue) {
    const declaration = declarations.get(name);
    if (declaration === undefined || needed.has(name)) continue;
    needed.add(name);
    queue.push(...declaration.mentions);
  }
  const used = new Set(
    [...needed].flatMap((name) => [...(declarations.get(name)?.mentions ?? [])].flatMap((mention) => imports.get(mention) ?? [])),
  );
  const text = [...declarations.values()].filter(({ name }) => needed.has(name)).map((declaration) => declaration.text);
  return { text: text.join('\n\n'), imports: used };
}

/** Every name the runtime may declare or import: generated code must not use them for tensors. */
export function runtimeNames(): string[] {
  const { declarations, imports } = runtime();
  return [...declarations.keys(), ...imports.keys()];
}
