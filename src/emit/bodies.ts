import { type FunctionDeclarationStructure, StructureKind } from 'ts-morph';
import { isPublic, type Stage } from '../ir/program.ts';
import { code, identifier } from '../ops/code.ts';
import { literalType } from './body.ts';
import { type BodyFunction, functionsOf } from './functions.ts';
import { needed } from './members.ts';
import { member } from './names.ts';
import type { Plan } from './plan.ts';
import { preparedType } from './preparation.ts';

/** The functions that hold the ops of each stage. */
export function bodies(plan: Plan): FunctionDeclarationStructure[] {
  return [...evaluation(plan), ...preparation(plan), ...textPreparation(plan)].map((body) => ({
    kind: StructureKind.Function,
    name: body.name,
    parameters: body.parameters.map(({ name, type }) => ({ name: plan.text(name), type: plan.text(type) })),
    returnType: plan.text(body.returnType),
    statements: body.lines.map((line) => plan.text(line)),
  }));
}

const opsOf = (plan: Plan, stage: Stage) => plan.program.ops.filter((op) => op.stage === stage);

/** Prefix and suffix, or the whole where nothing is hoisted. */
function evaluation(plan: Plan): BodyFunction[] {
  const { outputs, features } = plan.program;
  const scope = plan.scope(plan.weights.map((name) => [name, member(code`w`, plan.names.text(name))]));
  const stage = { store: code`w`, storeType: code`Weights`, lends: false };
  const suffix = {
    ...stage,
    ops: opsOf(plan, 'suffix'),
    outputs,
    returnType: outputs.every(isPublic) ? code`Outputs` : code`Outputs & Scored`,
  };
  if (features === null) return functionsOf({ ...suffix, name: 'forward', given: plan.inputs }, scope);
  // A mask that the caller may leave out is there where the prefix gives it.
  const given = features.some(({ fill }) => fill !== undefined) ? code`Required<Features>` : code`Features`;
  const prefix = { ...stage, ops: opsOf(plan, 'prefix'), outputs: features, returnType: given };
  return [
    ...functionsOf({ ...prefix, name: 'forwardPrefix', given: plan.inputs }, scope),
    ...functionsOf({ ...suffix, name: 'forwardSuffix', given: features, lends: true }, scope),
  ];
}

/** The load stage: what depends on weights alone. */
function preparation(plan: Plan): BodyFunction[] {
  const scope = plan.scope(plan.program.weights.map(({ name }) => [name, member(code`variables`, plan.variables.text(name))]));
  const storeType = plan.program.weights.length > 0 ? code`Variables` : code`Record<never, never>`;
  return plan.preparations.flatMap(({ name, ops, values }) => {
    const outputs = values.map((value) => ({ key: plan.names.text(value), value }));
    const body = { name, store: code`variables`, storeType, ops, given: [], outputs, lends: false };
    return functionsOf({ ...body, returnType: identifier(preparedType(name)) }, scope);
  });
}

/** The part of the load stage that computes texts, for weights that are baked. */
function textPreparation(plan: Plan): BodyFunction[] {
  const { texts } = plan;
  if (!plan.bakes || texts.length === 0) return [];
  const { ops } = needed(
    plan.program,
    texts.map(({ value }) => value),
  );
  const scope = plan.scope();
  const body = { name: 'prepareTexts', store: code`_variables`, storeType: code`Record<never, never>`, ops, given: [], outputs: texts };
  return functionsOf({ ...body, returnType: literalType(texts, scope), lends: false }, scope);
}
