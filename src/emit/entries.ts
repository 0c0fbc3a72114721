import { type FunctionDeclarationStructure, type OptionalKind, StructureKind } from 'ts-morph';
import { type Code, code, identifier, join, quote, tfType } from '../ops/code.ts';
import { literalType } from './body.ts';
import { isVariable } from './members.ts';
import type { DefaultWeights, Plan } from './plan.ts';

type Entry = OptionalKind<FunctionDeclarationStructure>;

/** The functions that a module exports: load, predict, prefix and suffix where it is cut, dispose. */
export function entries(plan: Plan): FunctionDeclarationStructure[] {
  const stages = plan.program.features === null ? [whole(plan)] : [prefix(plan), suffix(plan), hoisted(plan)];
  return [load(plan), ...stages, dispose(plan)].map((entry) => ({ ...entry, kind: StructureKind.Function, isExported: true }));
}

function whole(plan: Plan): Entry {
  const argument = plan.program.inputs.length > 0 ? checked(plan, 'inputs') : null;
  return entry(plan, 'predict', 'Inputs', 'Evaluates the program.', 'Outputs', call('forward', argument));
}

function prefix(plan: Plan): Entry {
  const doc = 'The part that need not run again for the same inputs.';
  return entry(plan, 'prefix', 'Inputs', doc, 'Features', call('forwardPrefix', checked(plan, 'inputs')));
}

function suffix(plan: Plan): Entry {
  const doc = 'The rest, from features on; it leaves them alive.';
  return entry(plan, 'suffix', 'Features', doc, 'Outputs', call('forwardSuffix', checked(plan, 'features'), false));
}

function hoisted(plan: Plan): Entry {
  const doc = 'Evaluates the whole program: the suffix of the prefix.';
  return entry(plan, 'predict', 'Inputs', doc, 'Outputs', call('forwardSuffix', call('forwardPrefix', checked(plan, 'inputs')), true));
}

function entry(plan: Plan, name: string, takes: 'Inputs' | 'Features', doc: string, returnType: string, body: Code): Entry {
  const owns = plan.weights.length > 0;
  plan.use('scoped', ...(owns ? ['checkWeights'] : []));
  // Where one input must be given, a bare tensor will do.
  const required = plan.program.inputs.filter(({ fill }) => fill === undefined);
  const bare = takes === 'Inputs' && required.length === 1 ? ` | ${plan.text(tfType('Tensor'))}` : '';
  return {
    name,
    docs: [doc],
    parameters: [
      { name: 'w', type: 'Weights' },
      { name: takes.toLowerCase(), type: `${takes}${bare}` },
    ],
    returnType,
    statements: [...(owns ? ['checkWeights(w);'] : []), `return scoped(() => ${plan.text(body)});`],
  };
}

function checked(plan: Plan, what: 'inputs' | 'features'): Code {
  plan.use('checkInputs');
  const given = what === 'inputs' ? plan.inputs : (plan.program.features ?? []);
  const table = identifier(what.toUpperCase());
  const checked = code`checkInputs(${identifier(what)}, ${table}, ${what.slice(0, -1)})`;
  const type = literalType(given, plan.scope());
  if (given.every(({ fill }) => fill === undefined)) return code`${checked} as ${type}`;
  plan.use('fillInputs');
  return code`fillInputs(${checked}, ${table}) as ${type}`;
}

function call(body: string, argument: Code | null, owned?: boolean): Code {
  const args = [code`w`, ...(argument === null ? [] : [argument]), ...(owned === undefined ? [] : [code`${owned}`])];
  return code`${identifier(body)}(${join(args, ', ')})`;
}

function load(plan: Plan): Entry {
  const { weights } = plan.options;
  const reads = plan.program.weights.length > 0;
  plan.use('backendReady', 'WeightSource', 'LoadOptions', ...(reads ? ['openWeights', 'takeWeights', 'Variable'] : []));
  const initial = !reads ? { hasQuestionToken: true } : weights.from === 'caller' ? {} : { initializer: defaultSource(weights) };
  return {
    name: 'load',
    isAsync: true,
    docs: [
      reads && weights.from === 'caller'
        ? 'Makes the weights ready. No weight file was written: hand in a file, tensors by name, or a model.'
        : 'Reads the weights and makes them ready.',
    ],
    parameters: [
      { name: reads ? 'source' : '_source', type: 'WeightSource', ...initial },
      { name: reads ? 'options' : '_options', type: 'LoadOptions', initializer: '{}' },
    ],
    returnType: 'Promise<Weights>',
    statements: ['await backendReady();', ...(reads ? readAndPrepare(plan) : prepareAlone(plan))],
  };
}

function defaultSource(weights: Exclude<DefaultWeights, { from: 'caller' }>): string {
  if (weights.from === 'file') return `new URL(${quote(`./${weights.name.replace(/[%?#]/g, encodeURIComponent)}`)}, import.meta.url)`;
  return 'Uint8Array.from(atob(WEIGHTS), (char) => char.charCodeAt(0))';
}

function readAndPrepare(plan: Plan): string[] {
  if (plan.bakes) plan.use('bakedWeights', 'Baked');
  const open = 'const opened = await openWeights(source, options);';
  const take = 'takeWeights(opened, VARIABLES)';
  if (!plan.prepares) return [open, `return ${plan.bakes ? `(bakedWeights(opened, BAKED) ?? ${take})` : take} as Weights;`];
  plan.use('settle');
  const asBaked = plan.texts.length === 0 ? 'baked' : 'settle(baked, () => ({ ...baked, ...prepareTexts({}) }))';
  const kept = plan.weights.filter(isVariable);
  const members = [...kept.map((name) => `${plan.names.text(name)}: variables.${plan.variables.text(name)}`), '...prepare(variables)'];
  return [
    open,
    ...(plan.bakes ? ['const baked = bakedWeights(opened, BAKED);', `if (baked !== null) return ${asBaked} as Weights;`] : []),
    `const variables = ${take} as Variables;`,
    kept.length === 0
      ? 'return settle(variables, () => prepare(variables));'
      : `return settle(variables, () => ({\n  ${members.join(',\n  ')},\n}));`,
  ];
}

function prepareAlone(plan: Plan): string[] {
  if (!plan.prepares) return ['return {};'];
  plan.use('scoped');
  return ['return scoped(() => prepare({}));'];
}

function dispose(plan: Plan): Entry {
  return {
    name: 'dispose',
    docs: ['Frees the tensors that `load` made.'],
    parameters: [{ name: 'w', type: 'Weights' }],
    returnType: 'void',
    statements: plan.weights.length === 0 ? [] : ['for (const tensor of Object.values(w)) tensor.dispose();'],
  };
}
