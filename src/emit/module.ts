import {
  type FunctionDeclarationStructure,
  IndentationText,
  type OptionalKind,
  Project,
  QuoteKind,
  type StatementStructures,
  StructureKind,
} from 'ts-morph';
import type { Output, Program } from '../ir/program.ts';
import { showType, type TensorType } from '../ir/types.ts';
import { type Code, code, comment, identifier, join, quote, tensorType, tfType } from '../ops/code.ts';
import { tfjsDType } from '../ops/elementwise/cast.ts';
import { literalType, Scope } from './body.ts';
import { type BodyFunction, functionsOf } from './functions.ts';
import { type Data, dataLiteral } from './literal.ts';
import { member, NameTable, propertyText } from './names.ts';
import { runtimeFor, runtimeNames } from './runtime.ts';

/** Where `load()` finds the weights when it is not told. */
export type DefaultWeights =
  /** A file beside the module. */
  | { readonly from: 'file'; readonly name: string }
  /** The file itself, in base64. */
  | { readonly from: 'inline'; readonly base64: string }
  /** Nowhere: the caller brings them. */
  | { readonly from: 'caller' };

export interface ModuleOptions {
  /** Lines of the comment at the top. */
  readonly banner: readonly string[];
  readonly info: { readonly [key: string]: Data };
  readonly weights: DefaultWeights;
  /** A module to import for its side effect: the backend. */
  readonly backend?: string | undefined;
  /** Class name of each layer, for the comments. */
  readonly classes: ReadonlyMap<string, string>;
}

/** The TypeScript module that evaluates a staged program. */
export function emitModule(program: Program, options: ModuleOptions): string {
  const plan = new Plan(program, options);
  const statements = [...plan.interfaces(), ...plan.functions(), ...plan.tables()];
  const runtime = runtimeFor(plan.runtime);
  const project = new Project({
    useInMemoryFileSystem: true,
    skipLoadingLibFiles: true,
    manipulationSettings: { indentationText: IndentationText.TwoSpaces, quoteKind: QuoteKind.Single },
  });
  const imports = new Set([...plan.imports, ...runtime.imports]);
  const file = project.createSourceFile('module.ts', {
    statements: [
      options.banner.map((line) => comment(line).text).join('\n'),
      ...(options.backend === undefined ? [] : [{ kind: StructureKind.ImportDeclaration, moduleSpecifier: options.backend } as const]),
      importOf(
        [...imports]
          .filter((name) => !imports.has(name.replace(/^type /, '')))
          .concat([...imports].filter((name) => !name.startsWith('type '))),
      ),
      ...statements,
      `\n// What follows is the same in every module that skipc writes: reading weights and checking what is handed in.\n\n${runtime.text}`,
    ],
  });
  return file.getFullText();
}

const LONGEST_LINE = 120;

/** The import from tfjs, on one line where that is short; names alone decide the order, whether types or not. */
function importOf(specifiers: readonly string[]): string {
  const bare = (specifier: string) => specifier.replace(/^type /, '');
  const sorted = [...specifiers].sort((a, b) => (bare(a) < bare(b) ? -1 : 1));
  const line = `import { ${sorted.join(', ')} } from '@tensorflow/tfjs-core';`;
  return line.length <= LONGEST_LINE
    ? line
    : `import {\n${sorted.map((specifier) => `  ${specifier},\n`).join('')}} from '@tensorflow/tfjs-core';`;
}

/** One emission: what the parts of the module have in common. */
class Plan {
  readonly imports = new Set<string>();
  readonly runtime = new Set<string>(['Info']);
  readonly #program: Program;
  readonly #options: ModuleOptions;
  readonly #names = new NameTable(runtimeNames());
  /** Members of `Weights`: what prefix and suffix read that is not computed by them. */
  readonly #weights: readonly string[];
  readonly #loads: boolean;

  constructor(program: Program, options: ModuleOptions) {
    this.#program = program;
    this.#options = options;
    const fixed = new Set(program.weights.map(({ name }) => name));
    for (const op of program.ops) if (op.stage === 'load') for (const { name } of op.results) fixed.add(name);
    const used = new Set(program.ops.filter((op) => op.stage !== 'load').flatMap((op) => op.operands));
    for (const { value } of program.outputs) used.add(value);
    this.#weights = [...fixed].filter((name) => used.has(name));
    this.#loads = program.ops.some((op) => op.stage === 'load');
    for (const { name } of [...program.weights, ...program.inputs]) this.#names.text(name);
  }

  #text(piece: Code): string {
    for (const name of piece.imports) this.imports.add(name);
    return piece.text;
  }

  #use(...names: string[]): void {
    for (const name of names) this.runtime.add(name);
  }

  #scope(held: readonly (readonly [string, Code])[]): Scope {
    return new Scope(this.#program, this.#names, new Map(held), this.#options.classes);
  }

  #typeOf(name: string): TensorType {
    return this.#scope([]).typeOf(name);
  }

  interfaces(): (string | StatementStructures)[] {
    const { inputs, features, outputs } = this.#program;
    const face = (name: string, doc: string, entries: readonly Output[], exact: boolean): StatementStructures => ({
      kind: StructureKind.Interface,
      name,
      isExported: true,
      docs: [doc],
      properties: entries.map(({ key, value }) => {
        const type = this.#typeOf(value);
        return {
          name: propertyText(key),
          type: this.#text(exact ? tensorType(type.shape.length) : tfType('Tensor')),
          trailingTrivia: ` ${comment(showType(type)).text}`,
        };
      }),
    });
    const given = inputs.map(({ key, name }) => ({ key, value: name }));
    return [
      face('Inputs', 'What the program is given. Sizes are checked when it runs; other numeric dtypes are cast.', given, false),
      ...(features === null ? [] : [face('Features', 'What the prefix returns and the suffix takes.', features, true)]),
      face('Outputs', 'What the program returns. The caller owns these tensors.', outputs, true),
      `/** The tensors that the program computes with, by the names it uses for them. */\nexport type Weights = ${this.#membersType(this.#weights)};`,
      `\n/** Where this program comes from, what it takes and gives, and what it costs. */\nexport const info: Info = ${this.#text(dataLiteral(this.#options.info))};\n`,
    ];
  }

  #membersType(members: readonly string[]): string {
    if (members.length === 0) return 'Record<never, never>';
    const lines = members.map((name) => {
      const type = this.#typeOf(name);
      return `  ${this.#names.text(name)}: ${this.#text(tensorType(type.shape.length))}; ${comment(showType(type)).text}`;
    });
    return `{\n${lines.join('\n')}\n}`;
  }

  functions(): StatementStructures[] {
    const { features } = this.#program;
    const stages = features === null ? [this.#whole()] : [this.#prefix(), this.#suffix(), this.#hoisted()];
    return [this.#load(), ...stages.map(exported), this.#dispose(), ...this.#bodies()];
  }

  /** `inputs: Inputs`, or a bare tensor where there is one. */
  #inputs(): { name: string; type: string } {
    const bare = this.#program.inputs.length === 1 ? ` | ${this.#text(tfType('Tensor'))}` : '';
    return { name: 'inputs', type: `Inputs${bare}` };
  }

  #checked(what: 'inputs' | 'features'): Code {
    this.#use('checkInputs', 'scoped');
    const table = identifier(what.toUpperCase());
    const entries =
      what === 'inputs' ? this.#program.inputs.map(({ key, name }) => ({ key, value: name })) : (this.#program.features ?? []);
    return code`checkInputs(${identifier(what)}, ${table}, ${what.slice(0, -1)}) as ${literalType(entries, this.#scope([]))}`;
  }

  #call(body: string, argument: Code | null, owned?: boolean): Code {
    const args = [code`w`, ...(argument === null ? [] : [argument]), ...(owned === undefined ? [] : [code`${owned}`])];
    return code`${identifier(body)}(${join(args, ', ')})`;
  }

  #whole() {
    const argument = this.#program.inputs.length > 0 ? this.#checked('inputs') : null;
    return this.#entry('predict', 'Inputs', 'Evaluates the program.', 'Outputs', this.#call('forward', argument));
  }

  #prefix() {
    return this.#entry(
      'prefix',
      'Inputs',
      'The part that need not run again for the same inputs.',
      'Features',
      this.#call('forwardPrefix', this.#checked('inputs')),
    );
  }

  #suffix() {
    const argument = this.#checked('features');
    return this.#entry(
      'suffix',
      'Features',
      'The rest, from features on; it leaves them alive.',
      'Outputs',
      this.#call('forwardSuffix', argument, false),
    );
  }

  #hoisted() {
    const body = this.#call('forwardSuffix', this.#call('forwardPrefix', this.#checked('inputs')), true);
    return this.#entry('predict', 'Inputs', 'Evaluates the whole program: the suffix of the prefix.', 'Outputs', body);
  }

  #entry(
    name: string,
    takes: 'Inputs' | 'Features',
    doc: string,
    returnType: string,
    body: Code,
  ): OptionalKind<FunctionDeclarationStructure> {
    this.#use('scoped');
    const parameter = takes === 'Inputs' ? this.#inputs() : { name: 'features', type: 'Features' };
    return {
      name,
      docs: [doc],
      parameters: [{ name: 'w', type: 'Weights' }, parameter],
      returnType,
      statements: [`return scoped(() => ${this.#text(body)});`],
    };
  }

  #load(): StatementStructures {
    const { weights } = this.#options;
    const hasVariables = this.#program.weights.length > 0;
    this.#use('backendReady', 'WeightSource', 'LoadOptions', ...(hasVariables ? ['readWeights', 'Variable'] : []));
    const source = {
      name: hasVariables ? 'source' : '_source',
      type: 'WeightSource',
      ...(!hasVariables ? { hasQuestionToken: true } : weights.from === 'caller' ? {} : { initializer: this.#defaultSource(weights) }),
    };
    return exported({
      name: 'load',
      isAsync: true,
      docs: [
        weights.from === 'caller' && hasVariables
          ? 'Makes the weights ready. No weight file was written: hand in a file, tensors by name, or a model.'
          : 'Reads the weights and makes them ready.',
      ],
      parameters: [source, { name: hasVariables ? 'options' : '_options', type: 'LoadOptions', initializer: '{}' }],
      returnType: 'Promise<Weights>',
      statements: ['await backendReady();', ...this.#readAndSettle(hasVariables)],
    });
  }

  #readAndSettle(hasVariables: boolean): string[] {
    if (!hasVariables) {
      if (!this.#loads) return ['return {};'];
      this.#use('scoped');
      return ['return scoped(() => prepare({}));'];
    }
    const read = 'await readWeights(source, VARIABLES, options)';
    if (!this.#loads) return [`return (${read}) as Weights;`];
    this.#use('settle');
    const raw = this.#weights
      .filter((name) => name.startsWith('@'))
      .map((name) => `${this.#names.text(name)}: variables.${this.#names.text(name)}`);
    return [
      `const variables = (${read}) as Variables;`,
      raw.length === 0
        ? 'return settle(variables, () => prepare(variables));'
        : `return settle(variables, () => ({\n  ${[...raw, '...prepare(variables)'].join(',\n  ')},\n}));`,
    ];
  }

  #defaultSource(weights: Exclude<DefaultWeights, { from: 'caller' }>): string {
    if (weights.from === 'file') return `new URL(${quote(`./${weights.name}`)}, import.meta.url)`;
    return `Uint8Array.from(atob(WEIGHTS), (char) => char.charCodeAt(0))`;
  }

  #dispose(): StatementStructures {
    return exported({
      name: 'dispose',
      docs: ['Frees the tensors that `load` made.'],
      parameters: [{ name: 'w', type: 'Weights' }],
      returnType: 'void',
      statements: this.#weights.length === 0 ? [] : ['for (const tensor of Object.values(w)) tensor.dispose();'],
    });
  }

  #bodies(): StatementStructures[] {
    const { inputs, outputs, features } = this.#program;
    const of = (stage: string) => this.#program.ops.filter((op) => op.stage === stage);
    const scope = this.#scope(this.#weights.map((name) => [name, member(code`w`, this.#names.text(name))]));
    const given = inputs.map(({ key, name }) => ({ key, value: name }));
    const run = { store: code`w`, storeType: code`Weights` };
    const bodies =
      features === null
        ? functionsOf({ ...run, name: 'forward', ops: of('suffix'), given, outputs, returnType: code`Outputs`, lends: false }, scope)
        : [
            ...functionsOf(
              { ...run, name: 'forwardPrefix', ops: of('prefix'), given, outputs: features, returnType: code`Features`, lends: false },
              scope,
            ),
            ...functionsOf(
              { ...run, name: 'forwardSuffix', ops: of('suffix'), given: features, outputs, returnType: code`Outputs`, lends: true },
              scope,
            ),
          ];
    return [...bodies, ...this.#prepare()].map((body) => this.#declare(body));
  }

  /** The load stage: what depends on weights alone, once. */
  #prepare(): BodyFunction[] {
    if (!this.#loads) return [];
    const computed = this.#weights.filter((name) => name.startsWith('%')).map((value) => ({ key: this.#names.text(value), value }));
    const held = this.#program.weights.map(({ name }) => [name, member(code`variables`, this.#names.text(name))] as const);
    const scope = this.#scope(held);
    const storeType = this.#program.weights.length > 0 ? code`Variables` : code`Record<never, never>`;
    return functionsOf(
      {
        name: 'prepare',
        store: code`variables`,
        storeType,
        ops: this.#program.ops.filter((op) => op.stage === 'load'),
        given: [],
        outputs: computed,
        returnType: literalType(computed, scope),
        lends: false,
      },
      scope,
    );
  }

  #declare(body: BodyFunction): StatementStructures {
    return {
      kind: StructureKind.Function,
      name: body.name,
      parameters: body.parameters.map(({ name, type }) => ({ name: this.#text(name), type: this.#text(type) })),
      returnType: this.#text(body.returnType),
      statements: body.lines.map((line) => this.#text(line)),
    };
  }

  tables(): string[] {
    const { inputs, features, weights } = this.#program;
    const spec = (entries: readonly Output[]): Data =>
      Object.fromEntries(
        entries.map(({ key, value }): [string, Data] => [key, [tfjsDType(this.#typeOf(value).dtype), this.#typeOf(value).shape]]),
      );
    const tables: string[] = [];
    if (inputs.length > 0 || features !== null) this.#use('InputSpec');
    if (inputs.length > 0) tables.push(this.#table('INPUTS', 'InputSpec', spec(inputs.map(({ key, name }) => ({ key, value: name })))));
    if (features !== null) tables.push(this.#table('FEATURES', 'InputSpec', spec(features)));
    if (weights.length > 0) {
      const variables = weights.map(({ name, layer, variable, position, type }): [string, Data] => [
        this.#names.text(name),
        [`${layer}/${variable}`, position, type.shape, tfjsDType(type.dtype)],
      ]);
      const doc = '/** The variables of the model: name, position among those of its layer, shape, dtype. */';
      tables.push(`${doc}\n${this.#table('VARIABLES', 'Variable', Object.fromEntries(variables))}`);
      if (this.#loads) tables.push(`type Variables = ${this.#membersType(weights.map(({ name }) => name))};`);
    }
    if (this.#options.weights.from === 'inline') tables.push(`const WEIGHTS = ${quote(this.#options.weights.base64)};`);
    return tables.map((table) => `\n${table}`);
  }

  #table(name: string, type: string, data: Data): string {
    return `const ${name}: Readonly<Record<string, ${type}>> = ${this.#text(dataLiteral(data))};`;
  }
}

const exported = (structure: OptionalKind<FunctionDeclarationStructure>): StatementStructures => ({
  ...structure,
  kind: StructureKind.Function,
  isExported: true,
});
