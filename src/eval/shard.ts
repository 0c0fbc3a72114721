import { fail } from '../diagnostics/error.ts';
import { MOST_SHARDS, type Shard } from './batches.ts';

/**
 * The shard that `--shard` names: `i/n`, i from 0, or `auto`: what a job array says in the environment.
 * @throws SkipcError `shard-invalid`, `shard-environment`
 */
export function shardOf(given: string, environment: Readonly<Record<string, string | undefined>>): Shard {
  if (given === 'auto') return shardFrom(environment);
  const [, index, of] = /^(\d{1,7})\/(\d{1,7})$/.exec(given) ?? [];
  return checked({ index: Number(index), of: Number(of) }) ?? fail('shard-invalid', { given });
}

const checked = ({ index, of }: Shard): Shard | null =>
  Number.isInteger(index) && Number.isInteger(of) && index >= 0 && index < of && of <= MOST_SHARDS ? { index, of } : null;

/**
 * Kubernetes indexed jobs count from 0 and do not say how many there are; Slurm counts from whatever it was told, in steps.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode, https://slurm.schedmd.com/job_array.html
 */
function shardFrom(environment: Readonly<Record<string, string | undefined>>): Shard {
  const text = (name: string): string | undefined => environment[name] || undefined;
  const whole = (name: string): number => (/^\d{1,9}$/.test(text(name) ?? '') ? Number(text(name)) : Number.NaN);
  const told = (shard: Shard, names: readonly string[]): Shard => {
    const found = names.flatMap((name) => (text(name) === undefined ? [] : [`${name}=${text(name)}`]));
    return checked(shard) ?? fail('shard-environment', { found });
  };
  const shards = text('SKIPC_SHARDS') === undefined ? null : 'SKIPC_SHARDS';
  if (text('JOB_COMPLETION_INDEX') !== undefined) {
    const of = shards ?? 'JOB_COMPLETIONS';
    return told({ index: whole('JOB_COMPLETION_INDEX'), of: whole(of) }, ['JOB_COMPLETION_INDEX', of]);
  }
  if (text('SLURM_ARRAY_TASK_ID') !== undefined) {
    const of = shards ?? 'SLURM_ARRAY_TASK_COUNT';
    const first = text('SLURM_ARRAY_TASK_MIN') === undefined ? 0 : whole('SLURM_ARRAY_TASK_MIN');
    const step = text('SLURM_ARRAY_TASK_STEP') === undefined ? 1 : whole('SLURM_ARRAY_TASK_STEP');
    const index = (whole('SLURM_ARRAY_TASK_ID') - first) / step;
    return told({ index, of: whole(of) }, ['SLURM_ARRAY_TASK_ID', 'SLURM_ARRAY_TASK_MIN', 'SLURM_ARRAY_TASK_STEP', of]);
  }
  return fail('shard-environment', { found: [] });
}
