import { toJson } from '../eval/numbers.ts';
import type { Op } from '../ir/program.ts';
import type { Case } from './cases.ts';
import { layerNames } from './layers-of.ts';
import type { Trouble as MemoryTrouble } from './memory.ts';
import type { WeightFault } from './module-file.ts';
import type { GuiltyPass } from './passes.ts';
import type { Odd } from './repeat.ts';
import type { Finding } from './report.ts';
import type { Side } from './side.ts';
import type { Subjects } from './subjects.ts';
import type { Trouble } from './tally.ts';

const BLANK = {
  against: null,
  value: null,
  op: null,
  line: null,
  statement: null,
  pass: null,
  rule: null,
  case: null,
  shape: null,
  index: null,
  found: null,
  expected: null,
  error: null,
  allowed: null,
  layers: [],
} satisfies Partial<Finding>;

const LONGEST_STATEMENT = 400;

/** Writes findings down: what, where, and what to do about it. */
export class Reporter {
  readonly #subjects: Subjects;
  readonly #layers: ReturnType<typeof layerNames>;

  constructor(subjects: Subjects) {
    this.#subjects = subjects;
    this.#layers = layerNames(subjects.compiled.analysis);
  }

  /** A value of the module that differs from a reference, or an op that gives up. */
  value(against: string, side: Side, trouble: Trouble, fault: Finding['fault'], guilty: GuiltyPass | null): Finding {
    const { mismatch, failure } = trouble;
    const site = mismatch?.site ?? failure?.site ?? null;
    const value = mismatch?.value ?? (site === null ? null : (side.nameOf(site.identifiers[0] ?? '') ?? null));
    const op = this.#opOf(side, value, mismatch?.isOutput ?? false);
    const { comparison } = mismatch ?? {};
    return {
      ...BLANK,
      kind: failure !== null && mismatch === null ? 'failure' : 'value',
      against,
      what:
        mismatch === null ? `it throws: ${failure?.message}` : whatDiffers(mismatch.value, mismatch.isOutput, comparison?.shapes ?? null),
      fault,
      layers: this.#layers([op]),
      value,
      op: op?.op ?? null,
      ...this.#place(site),
      pass: guilty?.pass ?? null,
      rule: guilty?.rule ?? null,
      case: trouble.case === null ? null : caseOf(trouble.case),
      shape: comparison?.shapes?.expected ?? null,
      index: comparison?.worst?.index ?? null,
      found: element(comparison?.worst?.found),
      expected: element(comparison?.worst?.expected),
      error: comparison === undefined ? null : toJson(comparison.error),
      allowed: comparison === undefined ? null : toJson(comparison.allowed),
      next: this.#next(fault),
    };
  }

  /** A weight in the file beside a module that is another. */
  weight({ name, what, instead }: WeightFault): Finding {
    const weight = this.#subjects.compiled.analysis.program.weights.find(({ layer, variable }) => `${layer}/${variable}` === name);
    const { calls } = this.#subjects.compiled.analysis.model.graph;
    const className = calls.find(({ layer }) => layer.path === weight?.layer)?.layer.className ?? '';
    return {
      ...BLANK,
      kind: 'weights',
      against: 'compiled',
      what:
        instead === null
          ? `the weight ${name} is not the model's: ${what}`
          : `the weight ${name} is not the model's: it holds the values of ${instead}`,
      fault: 'weights',
      layers: weight === undefined ? [] : [{ path: weight.layer, className }],
      value: weight?.name ?? null,
      shape: weight?.type.shape.map(Number) ?? null,
      next: this.#next('weights'),
    };
  }

  memory({ what, value, site }: MemoryTrouble): Finding {
    const side = this.#subjects.subject;
    const op =
      this.#opOf(side, value, false) ??
      this.#opOf(side, value, true) ??
      this.#opOf(side, side.nameOf(site?.identifiers[0] ?? '') ?? null, false);
    const weight = side.program.weights.find(({ name }) => name === value);
    const layers = op === undefined && weight !== undefined ? [{ path: weight.layer, className: '' }] : this.#layers([op]);
    const fault = this.#subjects.file === null ? 'emission' : 'module';
    return { ...BLANK, kind: 'memory', what, fault, layers, value, op: op?.op ?? null, ...this.#place(site), next: this.#next(fault) };
  }

  repeat({ what, output }: Odd, of: Case): Finding {
    const fault = this.#subjects.file === null ? 'emission' : 'module';
    const op = this.#opOf(this.#subjects.subject, output, true);
    return {
      ...BLANK,
      kind: 'repeat',
      what,
      fault,
      layers: this.#layers([op]),
      value: output,
      op: op?.op ?? null,
      case: caseOf(of),
      next: this.#next(fault),
    };
  }

  #place(site: { readonly line: number; readonly text: string } | null): Pick<Finding, 'line' | 'statement'> {
    return site === null ? { line: null, statement: null } : { line: site.line, statement: site.text.slice(0, LONGEST_STATEMENT) };
  }

  #opOf(side: Side, value: string | null, isOutput: boolean): Op | undefined {
    const name = isOutput ? side.program.outputs.find(({ key }) => key === value)?.value : value;
    return side.ops.get(name ?? '');
  }

  #next(fault: Finding['fault']): string[] {
    const command = this.#subjects.file?.command;
    switch (fault) {
      case 'module':
      case 'weights':
        return [command ? `compile it again: ${command}` : 'compile it again'];
      case 'pass':
      case 'emission':
        return ['this is a bug of skipc: report it, with the model that --reduce FILE writes'];
      case 'model':
        return ["compare with Keras's own values, which tell whose fault it is: --against values.npz"];
    }
  }
}

function whatDiffers(
  value: string,
  isOutput: boolean,
  shapes: { readonly found: readonly number[]; readonly expected: readonly number[] } | null,
): string {
  const name = isOutput ? `the output ${JSON.stringify(value)}` : value;
  return shapes === null ? `${name} differs` : `${name} has the shape [${shapes.found}], expected [${shapes.expected}]`;
}

const element = (value: number | string | undefined): number | string | null =>
  value === undefined ? null : typeof value === 'number' ? toJson(value) : value;

const caseOf = ({ kind, batch, sizes }: Case): NonNullable<Finding['case']> => ({
  inputs: kind,
  batch,
  sizes: [...sizes].map(([symbol, size]) => ({ symbol, size })),
});
