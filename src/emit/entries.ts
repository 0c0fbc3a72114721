import { type FunctionDeclarationStructure, type OptionalKind, StructureKind } from 'ts-morph';
import { isPublic, type Output } from '../ir/program.ts';
import { type Code, code, identifier, join, tfType } from '../ops/code.ts';
import { checked } from './checked.ts';
import { evaluation } from './evaluation.ts';
import { load, prefixKey, refresh } from './loading.ts';
import { member, property } from './names.ts';
import type { Plan } from './plan.ts';

type Entry = OptionalKind<FunctionDeclarationStructure>;

/** The functions that a module exports: load, predict, prefix and suffix where it is cut, what goes with them, dispose. */
export function entries(plan: Plan): FunctionDeclarationStructure[] {
  const stages = plan.program.features === null ? [whole(plan)] : [prefix(plan), suffix(plan), hoisted(plan)];
  const renewal = [
    ...(plan.program.weights.length > 0 ? [refresh(plan)] : []),
    ...(plan.program.features === null ? [] : [prefixKey(plan)]),
  ];
  return [load(plan), ...stages, ...evaluation(plan), ...renewal, dispose(plan)].map((entry) => ({
    ...entry,
    kind: StructureKind.Function,
    isExported: true,
  }));
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
  const outputs = plan.program.outputs;
  const only = outputs.filter(isPublic);
  const isAll = returnType === 'Features' || only.length === outputs.length;
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
    statements: [
      ...(owns ? ['checkWeights(w);'] : []),
      ...(isAll
        ? [`return scoped(() => ${plan.text(body)});`]
        : [`return scoped(() => {\n  const all = ${plan.text(body)};\n  return ${plan.text(picked(only))};\n});`]),
    ],
  };
}

/** Of all that a body returns, what the caller asked for; the scope disposes of the rest. */
const picked = (outputs: readonly Output[]): Code =>
  code`{ ${join(
    outputs.map(({ key }) => code`${property(key)}: ${member(code`all`, key)}`),
    ', ',
  )} }`;

function call(body: string, argument: Code | null, owned?: boolean): Code {
  const args = [code`w`, ...(argument === null ? [] : [argument]), ...(owned === undefined ? [] : [code`${owned}`])];
  return code`${identifier(body)}(${join(args, ', ')})`;
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
