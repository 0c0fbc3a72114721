import type { FunctionDeclarationStructure, OptionalKind } from 'ts-morph';
import { code, quote, tfType } from '../ops/code.ts';
import { type Data, dataLiteral } from './literal.ts';
import { isVariable } from './members.ts';
import { member, property } from './names.ts';
import type { DefaultWeights, Plan } from './plan.ts';
import { prefixVariables, prefixWeights } from './preparation.ts';

type Entry = OptionalKind<FunctionDeclarationStructure>;

export function load(plan: Plan): Entry {
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
  plan.use('remember');
  return [
    'const opened = await openWeights(source, options);',
    ...(plan.bakes ? ['const baked = bakedWeights(opened, BAKED);', `if (baked !== null) return ${asBaked(plan)} as Weights;`] : []),
    `const variables = ${take(plan)} as ${taken(plan)};`,
    ...(plan.prepares
      ? [`const weights = ${made(plan, false)};`, 'return remember(weights, variables);']
      : ['return remember(variables, variables);']),
  ];
}

/** The weights out of a file where the load stage is done. */
const asBaked = (plan: Plan): string => (plan.texts.length === 0 ? 'baked' : 'settle(baked, () => ({ ...baked, ...prepareTexts({}) }))');

/** The type of all variables: where nothing is computed from them, they are the weights. */
const taken = (plan: Plan): string => (plan.prepares ? 'Variables' : 'Weights');

/** Tells of prefix weights that were frozen, where a live model's are so no more. */
const take = (plan: Plan): string => `takeWeights(opened, VARIABLES${frozen(plan).length > 0 ? ', FROZEN' : ''})`;

/**
 * The weights out of `variables`.
 * @param isRenewed true where only what depends on `changed` variables is computed
 */
function made(plan: Plan, isRenewed: boolean): string {
  if (!plan.prepares) return 'variables';
  plan.use('settle');
  const parts = plan.preparations.map(({ name }) => {
    if (!isRenewed) return `...${name}(variables)`;
    plan.use('isAnyOf');
    return `...(isAnyOf(NEEDS.${name}, changed) ? ${name}(variables) : {})`;
  });
  const all = [...(keptVariables(plan).length > 0 ? ['...keep(variables)'] : []), ...parts];
  return all.length === 1 && !isRenewed
    ? `settle(variables, () => ${all[0]?.slice(3)})`
    : `settle(variables, () => ({\n${all.map((part) => `  ${part},\n`).join('')}}))`;
}

/** Variables that are weights as they are. */
const keptVariables = (plan: Plan): readonly string[] => (plan.prepares ? plan.weights.filter(isVariable) : []);

/** The function that picks those out of all variables. */
export function keeping(plan: Plan): string[] {
  const kept = keptVariables(plan).map(
    (name) => code`${property(plan.names.text(name))}: ${member(code`variables`, plan.variables.text(name))}`,
  );
  if (kept.length === 0) return [];
  const doc = '/** The variables that are weights as they are. */';
  return [
    `${doc}\nfunction keep(variables: Variables) {\n  return {\n${kept.map((entry) => `    ${plan.text(entry)},\n`).join('')}  };\n}`,
  ];
}

/** Which variables the prefix and each part of the load stage depend on. */
export function needs(plan: Plan): [string, Data][] {
  const parts = plan.preparations.map(({ name, variables }): [string, Data] => [name, variableNames(plan, variables)]);
  return [
    ...(plan.program.features === null ? [] : [['prefix', variableNames(plan, prefixVariables(plan.program))] as [string, Data]]),
    ...parts,
  ];
}

function prepareAlone(plan: Plan): string[] {
  if (!plan.prepares) return ['return {};'];
  plan.use('scoped');
  const calls = plan.preparations.map(({ name }) => `${name}({})`);
  return [`return scoped(() => ${calls.length === 1 ? calls[0] : `({ ${calls.map((call) => `...${call}`).join(', ')} })`});`];
}

const variableNames = (plan: Plan, names: readonly string[]) => names.map((name) => plan.variables.text(name));

/** The variables of the prefix that no training changed when the program was compiled. */
export function frozen(plan: Plan): readonly string[] {
  const wanted = new Set(plan.program.features === null ? [] : prefixVariables(plan.program));
  return variableNames(
    plan,
    plan.program.weights.filter(({ name, frozen }) => frozen && wanted.has(name)).map(({ name }) => name),
  );
}

export function refresh(plan: Plan): Entry {
  plan.use('checkWeights', 'openWeights', 'takeWeights', 'Refreshed', 'changedSince', 'renew');
  const prefix = plan.program.features === null ? '' : ', { variables: NEEDS.prefix, key: () => prefixKey(w) }';
  return {
    name: 'refresh',
    isAsync: true,
    docs: [
      'Moves the weights to newer values. Of what is computed from them, only what depends on variables that changed is computed again.',
    ],
    parameters: [
      { name: 'w', type: 'Weights' },
      { name: 'source', type: 'WeightSource' },
    ],
    returnType: 'Promise<Refreshed>',
    statements: [
      'checkWeights(w);',
      'const opened = await openWeights(source);',
      ...(plan.bakes
        ? ['const baked = bakedWeights(opened, BAKED);', `if (baked !== null) return renew(w, ${asBaked(plan)}, null, VARIABLES${prefix});`]
        : []),
      `const variables = ${take(plan)} as ${taken(plan)};`,
      'const changed = changedSince(w, variables);',
      `const newer = ${made(plan, true)};`,
      `return renew(w, newer, { ids: variables, changed }, VARIABLES${prefix});`,
    ],
  };
}

/** The function that lists the weights which the prefix reads. */
export function prefixList(plan: Plan): string[] {
  if (plan.program.features === null) return [];
  const tensor = plan.text(tfType('Tensor'));
  const weights = prefixWeights(plan.program).map((name) => member(code`w`, plan.names.text(name)));
  const parameter = weights.length > 0 ? 'w' : '_w';
  const doc = '/** The weights that the prefix reads. */';
  return [`${doc}\nconst prefixWeights = (${parameter}: Weights): readonly ${tensor}[] => ${plan.text(dataLiteral(weights))};`];
}

export function prefixKey(plan: Plan): Entry {
  plan.use('checkWeights', 'hashOfWeights');
  return {
    name: 'prefixKey',
    isAsync: true,
    docs: ['A hash of the prefix and its weights, in hex: all that features depend on beside the inputs.'],
    parameters: [{ name: 'w', type: 'Weights' }],
    returnType: 'Promise<string>',
    statements: ['checkWeights(w);', `return hashOfWeights(w, ${quote(plan.options.prefixHash ?? '')}, prefixWeights(w));`],
  };
}
