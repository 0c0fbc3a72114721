import type { Command } from 'commander';
import type { AnalyseOptions } from '../analyse.ts';
import { fail } from '../diagnostics/error.ts';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** What `evaluate` is to compute, as commander parses it. */
export interface MeasureOptions {
  readonly loss?: readonly string[];
  readonly metric?: readonly string[];
}

/** Adds the options that say what outputs are measured by, where it is not what the model was compiled with. */
export function withMeasures(command: Command): Command {
  return command
    .option('--loss <loss>', "what evaluate() measures by, in Keras's names, or none; OUTPUT=LOSS for one of several (repeatable)", collect)
    .option('--metric <metric>', 'what else it reports; OUTPUT=METRIC for one of several outputs (repeatable)', collect);
}

export function measuresOf({ loss, metric }: MeasureOptions): Pick<AnalyseOptions, 'loss' | 'metrics'> {
  const losses = byOutput(loss, '--loss');
  if (Array.isArray(losses) && losses.length > 1) fail('measures-mixed', { option: '--loss' });
  const alone = Array.isArray(losses) ? losses[0] : losses;
  const metrics = byOutput(metric, '--metric');
  return { ...(alone === undefined ? {} : { loss: alone }), ...(metrics === undefined ? {} : { metrics }) };
}

/** As they would be typed. */
export const measureArguments = ({ loss = [], metric = [] }: MeasureOptions): string[] => [
  ...loss.flatMap((given) => ['--loss', given]),
  ...metric.flatMap((given) => ['--metric', given]),
];

/** A list of what is for all outputs, or lists by output. */
function byOutput(given: readonly string[] | undefined, option: string): unknown[] | Record<string, unknown> | undefined {
  if (given === undefined) return undefined;
  const parsed = given.map((text) => /^(?<output>[^{=]+)=(?<measure>.+)$/s.exec(text)?.groups ?? { measure: text });
  const named = parsed.filter(({ output }) => output !== undefined);
  if (named.length > 0 && named.length < parsed.length) fail('measures-mixed', { option });
  const measures = parsed.map(({ measure = '' }) =>
    measure === 'none' ? null : measure.startsWith('{') ? jsonOf(measure, option) : measure,
  );
  if (named.length === 0) return measures;
  const lists = new Map<string, unknown[]>();
  named.forEach(({ output = '' }, i) => void lists.set(output, [...(lists.get(output) ?? []), measures[i]]));
  return Object.fromEntries([...lists].map(([output, list]) => [output, list.length === 1 ? list[0] : list]));
}

/** A serialised loss or metric: `{"class_name": "Huber", "config": {"delta": 2}}`. */
function jsonOf(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail('measure-json', { option, why: (error as Error).message });
  }
}
