import { type Code, code, identifier } from '../ops/code.ts';
import { literalType } from './body.ts';
import type { Plan } from './plan.ts';

/** What is handed in, checked, with what was left out filled in. */
export function checked(plan: Plan, what: 'inputs' | 'features'): Code {
  plan.use('checkInputs');
  const given = what === 'inputs' ? plan.inputs : (plan.program.features ?? []);
  const table = identifier(what.toUpperCase());
  const checked = code`checkInputs(${identifier(what)}, ${table}, ${what.slice(0, -1)})`;
  const type = literalType(given, plan.scope());
  if (given.every(({ fill }) => fill === undefined)) return code`${checked} as ${type}`;
  plan.use('fillInputs');
  return code`fillInputs(${checked}, ${table}) as ${type}`;
}
