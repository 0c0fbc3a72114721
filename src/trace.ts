import { type Site, sitesOf } from './emit/sites.ts';
import { type Instance, instantiate } from './instantiate.ts';

/** Stands around each computation of a module: it is to return what `compute` does, or to pass on what that throws. */
export type Around = <T>(site: Site, compute: () => T) => T;

export interface Traced {
  /** The module; its values are those of the module as it was written. */
  readonly module: Instance;
  /** Every statement that computes something. */
  readonly sites: readonly Site[];
  /** Has every computation from here on go through `around`; with null, through nothing again. */
  watch(around: Around | null): void;
}

/**
 * A module that lets someone watch what it computes, statement by statement: its values, its times, where it fails. Written by skipc, and
 * perhaps edited since.
 * @param weights what its `load()` reads when it is given nothing
 */
export async function trace(code: string, weights: Uint8Array | null): Promise<Traced> {
  const sites = sitesOf(code);
  const hook = freshName(code);
  const pieces = sites.map(({ start, end }, i) => {
    return `${code.slice(sites[i - 1]?.end ?? 0, start)}${hook}.around(${i}, () => ${code.slice(start, end)})`;
  });
  const rest = code.slice(sites.at(-1)?.end ?? 0);
  const module = await instantiate(`${pieces.join('')}${rest}\nexport const ${hook} = { around: (_, compute) => compute() };\n`, weights);
  const { [hook]: handle } = module as unknown as Record<string, Handle>;
  if (handle === undefined) throw new Error('the module has lost its hook');
  const direct = handle.around;
  return {
    module,
    sites,
    watch(around) {
      handle.around = around === null ? direct : (site, compute) => around(sites[site] as Site, compute);
    },
  };
}

interface Handle {
  around: <T>(site: number, compute: () => T) => T;
}

/** An identifier that the module does not have. */
function freshName(code: string): string {
  let name = 'skipcTrace';
  while (code.includes(name)) name += '_';
  return name;
}
