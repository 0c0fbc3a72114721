import type * as core from '@tensorflow/tfjs-core';
import { printable, quoted } from '../diagnostics/text.ts';

type Functions = { [K in keyof typeof core]: (typeof core)[K] extends (...args: never[]) => unknown ? K : never }[keyof typeof core];
/** A function that tfjs-core exports, or one of the objects in which it groups functions. */
export type TfName = Extract<Functions, string> | 'image';
/** A type export of tfjs-core that emitted code names. */
export type TfType = 'Scalar' | 'Tensor' | 'Tensor1D' | 'Tensor2D' | 'Tensor3D' | 'Tensor4D' | 'Tensor5D' | 'NamedTensorMap';

/**
 * A piece of TypeScript, what it imports from tfjs, and what of the runtime it needs pasted under the module. Made by `code`
 * alone: a string from a model enters it only as a quoted literal or as an identifier that was checked, never as text.
 */
export class Code {
  readonly text: string;
  readonly imports: ReadonlySet<string>;
  /** Names of declarations in `src/runtime`. */
  readonly runtime: ReadonlySet<string>;

  /** Functions that the module declares for itself, by name. */
  readonly declarations: ReadonlyMap<string, string>;

  /** @internal use `code` */
  constructor(
    text: string,
    imports: ReadonlySet<string>,
    runtime: ReadonlySet<string> = NONE,
    declarations: ReadonlyMap<string, string> = NOTHING,
  ) {
    this.text = text;
    this.imports = imports;
    this.runtime = runtime;
    this.declarations = declarations;
  }
}

const NONE: ReadonlySet<string> = new Set();
const NOTHING: ReadonlyMap<string, string> = new Map();

export type Literal = string | number | boolean | null | undefined | readonly Literal[] | Code;

/** Template tag: interpolated `Code` goes in as it is, anything else as a literal. */
export function code(strings: TemplateStringsArray, ...values: readonly Literal[]): Code {
  const needs: Needs = { imports: new Set(), runtime: new Set(), declarations: new Map() };
  let text = strings[0] ?? '';
  values.forEach((value, i) => {
    text += literal(value, needs) + (strings[i + 1] ?? '');
  });
  return new Code(text, needs.imports, needs.runtime, needs.declarations);
}

/** Pieces one after the other. */
export function join(pieces: readonly Code[], separator: ', ' | '\n' | ' | ' | ' * '): Code {
  const imports = new Set(pieces.flatMap((piece) => [...piece.imports]));
  const runtime = new Set(pieces.flatMap((piece) => [...piece.runtime]));
  const declarations = new Map(pieces.flatMap((piece) => [...piece.declarations]));
  return new Code(pieces.map((piece) => piece.text).join(separator), imports, runtime, declarations);
}

/** A function of tfjs-core; using it is what makes the module import it. */
export const tf = (name: TfName): Code => {
  // `image` is what most models call their input: the module calls tfjs's group of functions otherwise.
  const local = name === 'image' ? 'tfImage' : name;
  return new Code(local, new Set([local === name ? name : `${name} as ${local}`]));
};
/** A type of tfjs-core. */
export const tfType = (name: TfType): Code => new Code(name, new Set([`type ${name}`]));

/** A function of `src/runtime`; using it is what makes the module hold its text. */
export const runtime = (name: string): Code => new Code(identifier(name).text, NONE, new Set([name]));

/**
 * A function that the module declares for itself; using it is what makes the module declare it.
 * @param imports specifiers from tfjs that its text needs
 */
export const declared = (name: string, text: string, imports: readonly string[]): Code =>
  new Code(identifier(name).text, new Set(imports), NONE, new Map([[name, text]]));

const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** @throws Error when the name is not one: identifiers come from the name table, which makes them */
export function identifier(name: string): Code {
  if (!IDENTIFIER.test(name)) throw new Error(`not an identifier: ${JSON.stringify(name)}`);
  return new Code(name, NONE);
}

/** Text of one line for a comment: nothing in it can end the comment or the line. */
export function comment(text: string): Code {
  return new Code(`// ${printable(text)}`, NONE);
}

interface Needs {
  readonly imports: Set<string>;
  readonly runtime: Set<string>;
  readonly declarations: Map<string, string>;
}

function literal(value: Literal, needs: Needs): string {
  if (value instanceof Code) {
    for (const name of value.imports) needs.imports.add(name);
    for (const name of value.runtime) needs.runtime.add(name);
    for (const [name, text] of value.declarations) needs.declarations.set(name, text);
    return value.text;
  }
  if (Array.isArray(value)) return `[${(value as readonly Literal[]).map((item) => literal(item, needs)).join(', ')}]`;
  if (typeof value === 'string') return quote(value);
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A string literal in single quotes. */
export function quote(text: string): string {
  return `'${quoted(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

const RANKS = ['Scalar', 'Tensor1D', 'Tensor2D', 'Tensor3D', 'Tensor4D', 'Tensor5D'] as const;

/** The tfjs type of tensors of a rank; tfjs-core exports none for more than five axes. */
export const tensorType = (rank: number): Code => tfType(RANKS[rank] ?? 'Tensor');
