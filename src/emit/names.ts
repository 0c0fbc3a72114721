import { type Code, code, identifier, quote } from '../ops/code.ts';
import { opNames } from '../ops/index.ts';

const KEYWORDS =
  'abstract arguments as async await boolean break case catch class const constructor continue debugger declare default delete do else enum eval export extends false finally for from function get if implements import in instanceof interface let module namespace new null number of package private protected public require return set static string super switch symbol this throw true try type typeof undefined var void while with yield';

/** Names that mean something in every emitted module. */
const MODULE =
  'w variables inputs features owned raw source options info load prefix suffix predict dispose forward forwardPrefix forwardSuffix prepare preparePrefix prepareSuffix refresh evaluate prefixKey heads keep prefixWeights Evaluation Scored Inputs Outputs Features Weights Variables Prepared PreparedPrefix PreparedSuffix Info INPUTS FEATURES VARIABLES NEEDS FROZEN BAKED WEIGHTS prepareTexts scalar tensor tfImage clone tidy globalThis Object Array Math Number String Promise URL fetch process NaN Infinity __proto__';

/** The functions that a large body is taken apart into, as `functionsOf` calls them. */
const PART = /^(forward|forwardPrefix|forwardSuffix|prepare|preparePrefix|prepareSuffix|prepareTexts)Part\d+$/;

const LONGEST = 60;

/** Gives every value of a program an identifier: its own name, as near as JavaScript allows. */
export class NameTable {
  readonly #taken: Set<string>;
  /** The last number that was appended to each name: ten thousand layers may come down to one. */
  readonly #numbers = new Map<string, number>();
  readonly #identifiers = new Map<string, string>();
  readonly #given = new Set<string>();

  /** @param reserved names of the module's other parts */
  constructor(reserved: Iterable<string>) {
    this.#taken = new Set([...KEYWORDS.split(' '), ...MODULE.split(' '), ...opNames, ...reserved]);
  }

  /** The identifier of a value, the same at every call; two names that would become the same are told apart by a number. */
  text(name: string): string {
    const known = this.#identifiers.get(name);
    if (known !== undefined) return known;
    const base = plain(name.slice(1)).replace(PART, '$&_');
    let unique = base;
    for (let n = this.#numbers.get(base) ?? 2; this.#taken.has(unique); n++) {
      unique = `${base}_${n}`;
      this.#numbers.set(base, n);
    }
    this.#taken.add(unique);
    this.#given.add(unique);
    this.#identifiers.set(name, unique);
    return unique;
  }

  /** True where a value has this identifier. */
  has(text: string): boolean {
    return this.#given.has(text);
  }

  /** What every value is called that was asked for. */
  get all(): ReadonlyMap<string, string> {
    return this.#identifiers;
  }

  of(name: string): Code {
    return identifier(this.text(name));
  }
}

function plain(name: string): string {
  const words = name
    .replace(/[^A-Za-z0-9_$]+/g, '_')
    .replace(/^(?=\d)/, '_')
    .slice(0, LONGEST);
  return words === '' || words === '_' ? 'tensor' : words;
}

const PROPERTY = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** A property name in a type or an object literal. `__proto__` must be computed: quoted, it would set the prototype. */
export function property(key: string): Code {
  if (key === '__proto__') return code`[${key}]`;
  return PROPERTY.test(key) ? identifier(key) : code`${key}`;
}

/** Access to a property. */
export const member = (object: Code, key: string): Code =>
  PROPERTY.test(key) ? code`${object}.${identifier(key)}` : code`${object}[${key}]`;

/** A property name in an interface, as text. */
export const propertyText = (key: string): string => (PROPERTY.test(key) ? key : quote(key));
