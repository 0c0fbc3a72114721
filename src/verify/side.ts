import { type NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
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

  constructor(cause: unknown, site: Site | null) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
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

/** @throws Error where the code is no module */
export async function openSide({ code, weights, program, identifiers }: SideParts): Promise<Side> {
  const traced = await trace(code, weights);
  const { module } = traced;
  const names = new Map([...identifiers].map(([value, identifier]) => [identifier, value]));
  const values = valuesOf(program);
  const keys = new Set(program.inputs.map(({ key }) => key));
  // A loop's ops count for its body: that is what is computed step by step.
  const ops = new Map(program.ops.flatMap((op) => resultsOf(op).map((name): [string, Op] => [name, op])));

  let failed: Site | null = null;
  const around = (watcher: Watcher | null): Around => {
    const seen = (site: Site, identifier: string | undefined, found: unknown): unknown => {
      const name = names.get(identifier ?? '');
      if (watcher === null || name === undefined || !values.has(name) || !(found instanceof Tensor) || found.isDisposed) return found;
      return watcher(name, found, site) ?? found;
    };
    return <T>(site: Site, compute: () => T): T => {
      let found: T;
      try {
        found = compute();
      } catch (error) {
        failed ??= site;
        throw error;
      }
      if (Array.isArray(found)) {
        return site.identifiers.length > 1 ? (found.map((each, i) => seen(site, site.identifiers[i], each)) as T) : found;
      }
      return seen(site, site.identifiers[0], found) as T;
    };
  };
  const guarded = (error: unknown): never => {
    throw error instanceof Failure ? error : new Failure(error, failed);
  };
  const watched = <T>(watcher: Watcher | null, work: () => T): T => {
    failed = null;
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

const resultsOf = ({ results, body }: Op): string[] =>
  [...results, ...(body?.params ?? []), ...(body?.ops ?? []).flatMap((inner) => inner.results)].map(({ name }) => name);
