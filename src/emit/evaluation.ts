import type { FunctionDeclarationStructure, OptionalKind } from 'ts-morph';
import type { FactoryCall, HeadPlan, MeasuredPlan } from '../evaluate/plan.ts';
import { isPublic, LOGITS, MASK, PENALTY } from '../ir/program.ts';
import { type Code, code, runtime } from '../ops/code.ts';
import { checked } from './checked.ts';
import { type Data, dataLiteral } from './literal.ts';
import { propertyText } from './names.ts';
import type { Plan } from './plan.ts';

const headsOf = (plan: Plan): readonly HeadPlan[] => plan.options.evaluation ?? [];

/** `evaluate`, where a loss or a metric is known. */
export function evaluation(plan: Plan): OptionalKind<FunctionDeclarationStructure>[] {
  if (headsOf(plan).length === 0) return [];
  plan.use('EvaluationData', 'EvaluateOptions', 'EvaluatedProgram', 'evaluateProgram', 'scoped');
  const { inputs, outputs, features } = plan.program;
  const list = (keys: readonly string[]): string => plan.text(dataLiteral(keys));
  const states = inputs.filter(({ key, fill }) => fill === 0 && outputs.some((output) => output.key === key)).map(({ key }) => key);
  const lines = [
    ...(plan.weights.length > 0 ? ['weights: w'] : []),
    `inputs: ${list(inputs.filter(({ fill }) => fill === undefined).map(({ key }) => key))}`,
    `outputs: ${list(outputs.filter((output) => isPublic(output) && !states.includes(output.key)).map(({ key }) => key))}`,
    'heads: heads()',
    ...(plan.options.countsBatches ? ['countsBatches: true'] : []),
    ...(plan.options.isTotal ? penalties(plan) : ['isTotal: false']),
    ...(states.length > 0 ? [`states: ${list(states)}`] : []),
    ...(features === null
      ? [run(plan, 'inputs', 'forward(w, ', ')')]
      : [prefix(plan, states), run(plan, 'features', 'forwardSuffix(w, ', ', false)')]),
  ];
  return [
    {
      name: 'evaluate',
      isAsync: true,
      docs: ['Losses and metrics over labelled data, `[xs, ys]` or batches `{ xs, ys }`, as Keras reports them.'],
      parameters: [
        { name: 'w', type: 'Weights' },
        { name: 'data', type: 'EvaluationData' },
        { name: 'options', type: 'EvaluateOptions', initializer: '{}' },
      ],
      returnType: 'Promise<Evaluation>',
      statements: [
        ...(plan.weights.length > 0 ? ['checkWeights(w);'] : []),
        `const program: EvaluatedProgram = {\n${lines.map((line) => `  ${line},\n`).join('')}};`,
        'return evaluateProgram(program, data, options) as Promise<object> as Promise<Evaluation>;',
      ],
    },
  ];
}

/** True for an output that only `evaluate` reads; one that was asked for may be called as one of these would be. */
const isScored = (plan: Plan, key: string): boolean => plan.program.outputs.some((output) => output.key === key && !isPublic(output));

/** What runs for each batch. @param before what is called, with what is given between that and `after` */
function run(plan: Plan, given: 'inputs' | 'features', before: string, after: string): string {
  const takes = given === 'features' || plan.program.inputs.length > 0;
  return takes
    ? `run: (${given}) => scoped(() => ({ ...${before}${plan.text(checked(plan, given))}${after} }))`
    : 'run: () => scoped(() => ({ ...forward(w) }))';
}

function prefix(plan: Plan, states: readonly string[]): string {
  const used = new Set(plan.program.ops.flatMap(({ stage, operands }) => (stage === 'prefix' ? operands : [])));
  const carried = plan.program.inputs.filter(({ key, name }) => states.includes(key) && used.has(name)).map(({ key }) => key);
  const passed = (plan.program.features ?? []).filter(({ key }) => states.includes(key) && !carried.includes(key)).map(({ key }) => key);
  const lines = [
    'owner: w',
    'weights: prefixWeights(w)',
    'features: FEATURES',
    `states: ${plan.text(dataLiteral(carried))}`,
    ...(passed.length > 0 ? [`passed: ${plan.text(dataLiteral(passed))}`] : []),
    'run: (inputs) => ({ ...prefix(w, inputs as object as Inputs) })',
    'key: () => prefixKey(w)',
  ];
  return `prefix: {\n${lines.map((line) => `    ${line},\n`).join('')}  }`;
}

function penalties(plan: Plan): string[] {
  const has = (key: string): boolean => isScored(plan, key);
  const found: [string, Data][] = [
    ...(has(PENALTY.weights) ? [['weights', PENALTY.weights] as [string, Data]] : []),
    ...(has(PENALTY.activity) ? [['activity', PENALTY.activity] as [string, Data]] : []),
  ];
  return found.length === 0 ? [] : [`penalties: ${plan.text(dataLiteral(Object.fromEntries(found), 1))}`];
}

/** What `evaluate` returns, and the table of what it computes. */
export function evaluationTables(plan: Plan): { readonly face: string; readonly heads: string } | null {
  const plans = headsOf(plan);
  if (plans.length === 0) return null;
  plan.use('Head');
  const lists = new Map(
    plans.flatMap(({ metrics, weightedMetrics }) => [...metrics, ...weightedMetrics].map((metric) => [metric.name, metric.isList])),
  );
  const names = [...(plan.options.isTotal ? ['loss'] : []), ...plans.flatMap(({ loss }) => loss?.name ?? []), ...lists.keys()];
  const members = names.map((name) => `  ${propertyText(name)}: ${lists.get(name) ? 'readonly number[]' : 'number'};`);
  const rows = Object.fromEntries(plans.map((head): [string, Data] => [head.key, headRow(plan, head)]));
  return {
    face: `/** What \`evaluate\` reports. */\nexport interface Evaluation {\n${members.join('\n')}\n}`,
    heads: `/** What is computed of outputs, as the model was compiled. */\nconst heads = (): Readonly<Record<string, Head>> => (${plan.text(dataLiteral(rows))});`,
  };
}

function headRow(plan: Plan, { key, loss, metrics, weightedMetrics }: HeadPlan): Data {
  const has = (suffix: string): boolean => isScored(plan, key + suffix);
  const reads = (fromLogits: boolean): [string, Data][] => (fromLogits && has(LOGITS) ? [['reads', key + LOGITS]] : []);
  const measured = (list: readonly MeasuredPlan[]): Data =>
    Object.fromEntries(
      list.map(({ name, call, logits }) => [
        name,
        Object.fromEntries([['of', called(logits !== null && has(LOGITS) ? logits : call)], ...reads(logits !== null)]),
      ]),
    );
  const entries: [string, Data][] = [];
  if (loss !== null) {
    const { call, logits, weight, reduction, name } = loss;
    entries.push([
      'loss',
      Object.fromEntries([
        ['of', called(logits !== null && has(LOGITS) ? logits : call)],
        ...reads(logits !== null),
        ...(weight === 1 ? [] : [['weight', weight]]),
        ...(reduction === 'sum_over_batch_size' ? [] : [['reduction', reduction]]),
        ...(name === null ? [] : [['name', name]]),
      ]),
    ]);
  }
  if (metrics.length > 0) entries.push(['metrics', measured(metrics)]);
  if (weightedMetrics.length > 0) entries.push(['weightedMetrics', measured(weightedMetrics)]);
  if (has(MASK)) entries.push(['mask', key + MASK]);
  return Object.fromEntries(entries);
}

/** The call of a factory of the runtime. */
function called({ factory, options, inner }: FactoryCall): Code {
  const argument = inner !== undefined ? called(inner) : Object.keys(options).length === 0 ? code`` : dataLiteral(options, 1);
  return code`${runtime(factory)}(${argument})`;
}
