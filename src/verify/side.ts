import { type NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { fail } from '../diagnostics/error.ts';
import type { Site } from '../emit/sites.ts';
import type { Instance } from '../instantiate.ts';
import { type Op, type Program, valuesOf } from '../ir/program.ts';
import { type Around, type Traced, trace } from '../trace.ts';
import { type Held, heldIn, withTensors } from './held.ts';

/**
 * Is told each value of the program as it is computed.
 * @param value its name in the program
 * @param site the statement that computes it
 * @returns what is to stand in its place; nothing where it stays
 */
export type Watcher = (value: string, tensor: Tensor, site: Site) => Tensor | undefined;

/** Why a module gave up, and on which statement. */
export class Failure extends Error {
  readonly site: Site | null;

  /** @param disposed what the statement reads and is no more */
  constructor(cause: unknown, site: Site | null, disposed: readonly string[] = []) {
    const message = cause instanceof Error ? cause.message : String(cause);
    super(disposed.length === 0 ? message : `${disposed.join(', ')} is disposed (${message})`, { cause });
    this.site = site;
  }
}

export interface SideParts {
  readonly code: string;
  readonly weights: Uint8Array | null;
  readonly program: Program;
  /** What the module calls each value of the program. */
  readonly identifiers: ReadonlyMap<string, string>;
}

/** A module whose values can be looked at, by the names that its program has for them. */
export interface Side {
  readonly module: Instance;
  readonly program: Program;
  readonly traced: Traced;
  /** The op that computes each value. */
  readonly ops: ReadonlyMap<string, Op>;
  /** The program's name for an identifier of the module. */
  nameOf(identifier: string): string | undefined;
  /** @throws Failure */
  load(watcher?: Watcher): Promise<NamedTensorMap>;
  /**
   * Runs `predict` on the inputs that the program has.
   * @returns the outputs by their keys
   * @throws Failure
   */
  predict(weights: NamedTensorMap, inputs: ReadonlyMap<string, Held>, watcher?: Watcher): ReadonlyMap<string, Held>;
  /** Runs some work of the module, of which statements are watched. @throws Failure */
  watched<T>(watcher: Watcher | null, work: () => T): T;
}

/** The import of a backend, which a module may carry for whoever runs it: here it runs on the one that was chosen. Lines keep their numbers. */
const withoutBackend = (code: string): string => code.replace(/^import ['"]@tensorflow\/[a-z-]+['"];$/m, '');

/** @throws Error where the code is no module */
export async function openSide({ code, weights, program, identifiers }: SideParts): Promise<Side> {
  const traced = await trace(withoutBackend(code), weights);
  const { module } = traced;
  const names = new Map([...identifiers].map(([value, identifier]) => [identifier, value]));
  const values = valuesOf(program);
  const keys = new Set(program.inputs.map(({ key }) => key));
  // A loop's ops count for its body: that is what is computed step by step.
  const ops = new Map(program.ops.flatMap((op) => resultsOf(op).map((name): [string, Op] => [name, op])));

  let failed: { readonly site: Site; readonly disposed: readonly string[] } | null = null;
  /** What statements have computed, by their identifiers, to tell of what is no more. */
  const made = new Map<string, Tensor>();
  // What a statement reads and is disposed of.
  const gone = ({ text, identifiers }: Site): string[] =>
    [...new Set(text.match(/[A-Za-z_$][\w$]*/g))].filter((name) => made.get(name)?.isDisposed && !identifiers.includes(name));
  const around = (watcher: Watcher | null): Around => {
    const seen = (site: Site, identifier: string | undefined, found: unknown): unknown => {
      const name = names.get(identifier ?? '');
      if (watcher === null || name === undefined || !values.has(name) || !(found instanceof Tensor) || found.isDisposed) return found;
      const seen = watcher(name, found, site) ?? found;
      made.set(identifier ?? '', seen);
      return seen;
    };
    return <T>(site: Site, compute: () => T): T => {
      let found: T;
      try {
        found = compute();
      } catch (error) {
        // Before the scope is left, which disposes of the rest.
        failed ??= { site, disposed: gone(site) };
        throw error;
      }
      if (Array.isArray(found)) {
        return site.identifiers.length > 1 ? (found.map((each, i) => seen(site, site.identifiers[i], each)) as T) : found;
      }
      return seen(site, site.identifiers[0], found) as T;
    };
  };
  const guarded = (error: unknown): never => {
    if (isCrash(error)) {
      const layers = [...new Set(failed?.site.identifiers.flatMap((identifier) => ops.get(names.get(identifier) ?? '')?.layers ?? []))];
      fail('backend-crashed', { why: (error as Error).message, layers });
    }
    throw error instanceof Failure ? error : new Failure(error, failed?.site ?? null, failed?.disposed);
  };
  const watched = <T>(watcher: Watcher | null, work: () => T): T => {
    failed = null;
    made.clear();
    traced.watch(around(watcher));
    try {
      return work();
    } catch (error) {
      return guarded(error);
    } finally {
      traced.watch(null);
    }
  };
  return {
    module,
    program,
    traced,
    ops,
    nameOf: (identifier) => names.get(identifier),
    async load(watcher) {
      failed = null;
      traced.watch(around(watcher ?? null));
      try {
        return await module.load();
      } catch (error) {
        return guarded(error);
      } finally {
        traced.watch(null);
      }
    },
    predict(weights, inputs, watcher) {
      const given = new Map([...inputs].filter(([key]) => keys.has(key)));
      return withTensors(given, (tensors) =>
        watched(watcher ?? null, () => {
          const outputs = module.predict(weights, tensors);
          try {
            const lost = Object.entries(outputs).find(([, tensor]) => tensor.isDisposed);
            if (lost !== undefined) throw new Error(`the output ${JSON.stringify(lost[0])} is disposed`);
            return new Map(Object.entries(outputs).map(([key, tensor]) => [key, heldIn(tensor)]));
          } finally {
            for (const tensor of Object.values(outputs)) tensor.dispose();
          }
        }),
      );
    },
    watched,
  };
}

/** True where the backend itself is no more: its WebAssembly has met memory that is not its own, or has none left. */
const isCrash = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'RuntimeError' || error.constructor.name === 'RuntimeError');

const resultsOf = ({ results, body }: Op): string[] =>
  [...results, ...(body?.params ?? []), ...(body?.ops ?? []).flatMap((inner) => inner.results)].map(({ name }) => name);
