import { type Body, type BodyOp, HASH, type Program, type Stage, type Value } from './program.ts';
import { type Dim, showType, type TensorType } from './types.ts';

interface Inferred {
  readonly dtype: string;
  readonly shape: readonly (Dim | null)[];
}

/** The types that a loop's body takes and gives. */
export interface BodyTypes {
  readonly params: readonly TensorType[];
  readonly yields: readonly TensorType[];
}

/** What the verifier asks about an op; the rows of `ops/` answer it. */
export interface OpRules {
  /** Types of the results (null is a size that nothing before has), or what is wrong. */
  check(op: BodyOp, operands: readonly TensorType[], body?: BodyTypes): readonly Inferred[] | string;
}

const HASHED = new RegExp(`^${HASH}$`);

const ORDER: Readonly<Record<Stage, number>> = { load: 0, prefix: 1, suffix: 2 };

/**
 * What makes a program invalid, or null: every name is defined once and before its use, every op's results have the types
 * its operands give, stages come in order and none reads from a later one, a suffix reads from the prefix only through
 * the features, and no two inputs, features or outputs have one key.
 */
export function verify(program: Program, rules: OpRules): string | null {
  const scope: Scope = { values: new Map(), names: new Set() };
  const { values } = scope;
  const stages = new Map<string, Stage>();
  for (const value of [...program.inputs, ...program.weights]) {
    if (values.has(value.name)) return `${value.name} is defined twice`;
    declare(value, scope);
  }
  const unhashed = program.weights.find(({ hash }) => hash !== undefined && !HASHED.test(hash));
  if (unhashed !== undefined) return `the hash of ${unhashed.name} is not 16 hex digits`;
  const features = new Set(program.features?.map(({ value }) => value));
  const inputs = new Set(program.inputs.map(({ name }) => name));
  const passes = (name: string, stage: Stage): boolean => {
    if (inputs.has(name)) return stage === 'prefix' || (stage === 'suffix' && (program.features === null || features.has(name)));
    const from = stages.get(name);
    return from === undefined || from === 'load' || from === stage || (from === 'prefix' && stage === 'suffix' && features.has(name));
  };

  let reached: Stage = 'load';
  for (const op of program.ops) {
    const first = op.results[0]?.name ?? op.op;
    if (ORDER[op.stage] < ORDER[reached]) return `${first} stands in stage ${op.stage} behind stage ${reached}`;
    reached = op.stage;
    const operands: TensorType[] = [];
    for (const name of op.operands) {
      const value = values.get(name);
      if (value === undefined) return `${first} uses ${name}, which is not defined before it`;
      if (!passes(name, op.stage)) return `${first}, in stage ${op.stage}, uses ${name}, which that stage is not given`;
      operands.push(value.type);
    }
    const body = op.body === undefined ? undefined : checkBody(op.body, op.operands, scope, rules);
    if (typeof body === 'string') return `${first}: ${body}`;
    const what = define(op, operands, body, scope, rules);
    if (what !== null) return what;
    for (const { name } of op.results) stages.set(name, op.stage);
  }
  for (const { key, value } of [...program.cuts, ...(program.features ?? []), ...program.outputs]) {
    if (!values.has(value)) return `${key} is ${value}, which is not defined`;
  }
  for (const { key, value } of program.outputs) {
    if (!passes(value, 'suffix')) return `the output ${key} is ${value}, which the suffix is not given`;
  }
  if (program.features?.length === 0) return 'it is cut, but no feature crosses the cut';
  const foreign = program.features?.find(({ value }) => !inputs.has(value) && stages.get(value) !== 'prefix');
  if (foreign !== undefined) return `the feature ${foreign.key} is ${foreign.value}, which is neither an input nor of the prefix`;
  return repeated('input', program.inputs) ?? repeated('feature', program.features ?? []) ?? repeated('output', program.outputs) ?? null;
}

/** Adds an op's results to the values there are, or tells what is wrong. */
function define(op: BodyOp, operands: readonly TensorType[], body: BodyTypes | undefined, scope: Scope, rules: OpRules): string | null {
  const first = op.results[0]?.name ?? op.op;
  const expected = rules.check(op, operands, body);
  if (typeof expected === 'string') return `${first}: ${expected}`;
  if (expected.length !== op.results.length) return `${first}: ${op.op} gives ${expected.length} results, not ${op.results.length}`;
  for (const [i, result] of op.results.entries()) {
    if (scope.names.has(result.name)) return `${result.name} is defined twice`;
    if (!fits(result.type, expected[i] as Inferred)) {
      return `${result.name} is declared ${showType(result.type)}, which ${op.op} does not give`;
    }
    declare(result, scope);
  }
  return null;
}

/** What can be read at some place, and every name that is in use anywhere: no name stands for two things. */
interface Scope {
  readonly values: Map<string, Value>;
  readonly names: Set<string>;
}

function declare(value: Value, { values, names }: Scope): void {
  values.set(value.name, value);
  names.add(value.name);
}

/** The types of a body that reads nothing but its own values and the loop's operands, or what is wrong with it. */
function checkBody(body: Body, operands: readonly string[], outer: Scope, rules: OpRules): BodyTypes | string {
  const scope = { values: new Map(operands.map((name) => [name, outer.values.get(name) as Value])), names: outer.names };
  const again = body.params.find(({ name }) => outer.names.has(name));
  if (again !== undefined) return `${again.name} is defined twice`;
  for (const param of body.params) declare(param, scope);
  for (const op of body.ops) {
    const missing = op.operands.find((name) => !scope.values.has(name));
    if (missing !== undefined) return `its body uses ${missing}, which is neither in it nor an operand of the loop`;
    const types = op.operands.map((name) => (scope.values.get(name) as Value).type);
    const what = define(op, types, undefined, scope, rules);
    if (what !== null) return what;
  }
  const foreign = body.yields.find((name) => !scope.values.has(name));
  if (foreign !== undefined) return `its body yields ${foreign}, which is neither in it nor an operand of the loop`;
  return { params: body.params.map(({ type }) => type), yields: body.yields.map((name) => (scope.values.get(name) as Value).type) };
}

function repeated(what: string, entries: readonly { readonly key: string }[]): string | undefined {
  const seen = new Set<string>();
  const again = entries.find(({ key }) => seen.size === seen.add(key).size);
  return again && `two ${what}s have the key ${again.key}`;
}

/** A declared type fits an inferred one when the sizes are the same; one that cannot be inferred is what it is declared to be. */
function fits(declared: TensorType, inferred: Inferred): boolean {
  return (
    declared.dtype === inferred.dtype &&
    declared.shape.length === inferred.shape.length &&
    declared.shape.every((dim, i) => {
      const expected = inferred.shape[i];
      return expected === null || dim === expected;
    })
  );
}
