import { fail, type Location } from '../../diagnostics/error.ts';
import type { Origin } from '../../model/graph.ts';
import type { LossFunction, LossReduction } from '../../runtime/evaluate/metric.ts';
import { brief } from '../../schema/validate.ts';
import { type Identifier, identifierOf } from '../identifier.ts';
import type { FactoryCall } from '../plan.ts';
import { briefOptions, checkDType, compiled, configOf, meaningOf, named, namesOf, near, type Registry, registry } from '../registry.ts';
import type { LossRow, Meaning, RefusedRow } from '../row.ts';
import { crossentropies } from './crossentropies.ts';
import { hinges, overlaps, refusedLosses, similarities } from './others.ts';
import { regressionLosses } from './regression.ts';

const rows: readonly (LossRow | RefusedRow)[] = [
  ...crossentropies,
  ...regressionLosses,
  ...hinges,
  ...overlaps,
  ...similarities,
  ...refusedLosses,
];

export const lossRows: Registry<LossRow> = registry(rows);

/** A loss that a model was compiled with, or that was asked for. */
export interface Loss {
  readonly name: string;
  readonly className: string;
  readonly call: FactoryCall;
  /** The call for logits, where Keras reads these in place of an output that is a softmax or a sigmoid. */
  readonly logits: FactoryCall | null;
  readonly reduction: LossReduction;
  /** The label whose samples it leaves out. */
  readonly ignoreClass: number | null;
  make(): LossFunction;
}

/**
 * The loss that an identifier means: a name, or an object that Keras or tfjs serialised.
 * @throws SkipcError `loss-unknown`, `evaluation-unsupported`, `config-invalid`
 */
export function lossOf(given: unknown, where: Location, origin: Origin): Loss {
  const identifier = identifierOf(given);
  const row = identifier.kind === 'custom' ? undefined : named(lossRows, identifier.name);
  if (row === undefined) return fail('loss-unknown', unknownName(identifier, lossRows), where);
  const known = compiled(row, where);
  checkDType(identifier.config?.['dtype'], false, where);
  const within = configPlace(where, identifier);
  const config = configOf(known, identifier.config ?? {}, within);
  const ignored = (config as { ignore_class?: unknown }).ignore_class;
  return {
    name: nameIn(identifier),
    className: known.className,
    ...callsOf(known, config, meaningOf(origin)),
    reduction: reductionOf(identifier.config?.['reduction'], within),
    ignoreClass: typeof ignored === 'number' ? ignored : null,
  };
}

/** How a function that gives losses is called, and how for logits. */
export function callsOf(row: LossRow, config: unknown, meaning: Meaning): Pick<Loss, 'call' | 'logits' | 'make'> {
  const options = briefOptions(row, config, meaning);
  const call = { factory: row.make.name, options };
  // tfjs knows no logits.
  const isRead = meaning !== 'tfjs' && row.readsLogits?.(config) === true;
  return { call, logits: isRead ? { ...call, options: { ...options, fromLogits: true } } : null, make: () => row.make(options) };
}

/** What a message says of an identifier that nothing is known of. */
export const unknownName = ({ name, kind }: Identifier, ...known: readonly Registry<unknown>[]) =>
  kind === 'custom' ? { name, suggestions: [] } : { name: brief(name), suggestions: near(name, ...known) };

/** Its name as reports show it: the one it was given, else what it was called by. */
export function nameIn({ name, config }: Identifier): string {
  const given = config?.['name'];
  return typeof given === 'string' && given !== '' ? given : name;
}

export const configPlace = (where: Location, { config }: Identifier): Location =>
  where.pointer === undefined || config === null ? where : { ...where, pointer: `${where.pointer}/config` };

const REDUCTIONS: ReadonlyMap<unknown, LossReduction> = new Map<unknown, LossReduction>([
  [undefined, 'sum_over_batch_size'],
  ['auto', 'sum_over_batch_size'],
  ['sum_over_batch_size', 'sum_over_batch_size'],
  ['mean', 'sum_over_batch_size'],
  ['sum', 'sum'],
  ['mean_with_sample_weight', 'mean_with_sample_weight'],
  ['none', 'none'],
  [null, 'none'],
]);

function reductionOf(given: unknown, where: Location): LossReduction {
  const found = REDUCTIONS.get(given);
  if (found !== undefined) return found;
  const expected = `one of ${[...REDUCTIONS.keys()]
    .filter((key) => key !== undefined)
    .map((key) => JSON.stringify(key))
    .join(', ')}`;
  return fail('config-invalid', { found: brief(given), expected }, where);
}

/** A line of the table of losses: its class, what else it goes by, and what it is. */
export type TableLine = readonly [name: string, names: readonly string[], doc: string];

export const lossTable = (): TableLine[] =>
  rows.map((row) => [row.className, namesOf(row).slice(1), 'what' in row ? `${row.doc} (refused)` : row.doc]);
