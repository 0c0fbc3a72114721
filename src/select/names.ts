import { fail } from '../diagnostics/error.ts';
import { suggest } from '../diagnostics/suggest.ts';
import type { ModelGraph, TensorId } from '../model/graph.ts';
import { tensorName } from './display.ts';

/** A tensor the user named, and the key it has in the module. */
export interface Named {
  readonly key: string;
  readonly tensor: TensorId;
}

/** Tails are kept for this many outer names; a name full of slashes must not fill the memory. */
const DEEPEST = 32;

/** Which of the model's own lists `@k` and exact keys refer to. */
export type Role = 'output' | 'input';

/**
 * Looks names up in a model. The whole string is first taken exactly (a key, a layer, a nested model), then as
 * `layer:k`, `layer@n`, `layer@n:k`, a path `outer/inner` or a unique tail of one, and `@k`.
 */
export class NameIndex {
  readonly #graph: ModelGraph;
  /** Tensors of each call, by the path and number of the call: `path@n`. */
  readonly #calls = new Map<string, readonly TensorId[] | null>();
  /** Full paths by each of their tails, `b/c` and `c` for `a/b/c`. */
  readonly #tails = new Map<string, Set<string>>();

  constructor(graph: ModelGraph) {
    this.#graph = graph;
    for (const call of graph.calls) this.#add(call.id, null);
    for (const { name, tensor } of graph.inputs) if (!this.#calls.has(`${name}@0`)) this.#add(`${name}@0`, [tensor]);
    for (const [alias, tensors] of graph.aliases) {
      const id = /@\d+$/.test(alias) ? alias : `${alias}@0`;
      if (!this.#calls.has(id)) this.#add(id, tensors);
    }
  }

  #add(id: string, tensors: readonly TensorId[] | null): void {
    this.#calls.set(id, tensors);
    const path = id.slice(0, id.lastIndexOf('@'));
    for (let slash = path.indexOf('/'), n = 0; slash >= 0 && n < DEEPEST; n++, slash = path.indexOf('/', slash + 1)) {
      const tail = path.slice(slash + 1);
      const paths = this.#tails.get(tail) ?? new Set();
      this.#tails.set(tail, paths.add(path));
    }
  }

  /**
   * The tensor of `NAME` or `KEY=NAME`.
   * @throws SkipcError `name-unknown` with suggestions, `name-ambiguous` with the candidates
   */
  find(text: string, role: Role): Named {
    const exact = this.#lookUp(text, role);
    if (exact !== undefined) return { key: text.startsWith('@') ? this.#ownKey(text, role) : text, tensor: exact };
    for (let equals = text.indexOf('='); equals > 0; equals = text.indexOf('=', equals + 1)) {
      const tensor = this.#lookUp(text.slice(equals + 1), role);
      if (tensor !== undefined) return { key: text.slice(0, equals), tensor };
    }
    return fail('name-unknown', { name: text, suggestions: suggest(text.slice(text.indexOf('=') + 1), this.#all()) });
  }

  /** A name by which `find` gives this very tensor; null where there is none. */
  nameOf(tensor: TensorId, role: Role): string | null {
    return [tensorName(tensor), tensor].find((name) => this.#lookUp(name, role) === tensor) ?? null;
  }

  /**
   * The calls of a layer, for `--skip`.
   * @throws SkipcError as `find`
   */
  findLayer(name: string): string {
    const path = this.#path(name);
    if (path !== undefined) return path;
    return fail('layer-name-unknown', { name, suggestions: suggest(name, this.#all()) });
  }

  hasLayer(name: string): boolean {
    return this.#path(name) !== undefined;
  }

  /** A tensor by a name without a key, or undefined where there is none. */
  tensor(name: string): TensorId | undefined {
    return this.#lookUp(name, 'output');
  }

  #lookUp(name: string, role: Role): TensorId | undefined {
    const own = (role === 'output' ? this.#graph.outputs : this.#graph.inputs).find(({ key }) => key === name);
    if (own !== undefined) return own.tensor;
    const whole = this.#tensorOf(name, 0, 0);
    if (whole !== undefined) return whole;
    const parts = /^(.*?)(?:@(\d+))?(?::(\d+))?$/s.exec(name);
    const [path, call, index] = [parts?.[1] ?? '', parts?.[2], parts?.[3]];
    if (path === '' && call !== undefined && index === undefined) {
      return (role === 'output' ? this.#graph.outputs : this.#graph.inputs)[Number(call)]?.tensor;
    }
    return call === undefined && index === undefined ? undefined : this.#tensorOf(path, Number(call ?? 0), Number(index ?? 0));
  }

  #tensorOf(name: string, call: number, index: number): TensorId | undefined {
    const path = this.#path(name, call);
    if (path === undefined) return undefined;
    const id = `${path}@${call}`;
    const tensors = this.#calls.get(id);
    return tensors === null ? `${id}:${index}` : tensors?.[index];
  }

  #path(name: string, call = 0): string | undefined {
    if (this.#calls.has(`${name}@${call}`)) return name;
    const paths = [...(this.#tails.get(name) ?? [])].filter((path) => this.#calls.has(`${path}@${call}`));
    if (paths.length > 1) fail('name-ambiguous', { name, candidates: paths });
    return paths[0];
  }

  #ownKey(text: string, role: Role): string {
    return (role === 'output' ? this.#graph.outputs : this.#graph.inputs)[Number(text.slice(1))]?.key ?? text;
  }

  #all(): string[] {
    const own = [...this.#graph.outputs, ...this.#graph.inputs].map(({ key }) => key);
    return [...new Set([...own, ...[...this.#calls.keys()].map((id) => id.slice(0, id.lastIndexOf('@')))])];
  }
}
