import { type Code, catalogue, type Kind, type Params } from './catalogue.ts';

/** Where in the user's files or model a diagnostic points. */
export interface Location {
  readonly file?: string | undefined;
  /** JSON pointer into the file (RFC 6901). */
  readonly pointer?: string | undefined;
  readonly layer?: string | undefined;
}

/** Every error skipc raises on purpose. `code` is stable; `message` and `hint` are for people. */
export class SkipcError extends Error {
  readonly code: Code;
  readonly kind: Kind;
  readonly hint: string;
  readonly location: Location;

  constructor(code: Code, message: string, hint: string, location: Location) {
    super(message);
    this.name = 'SkipcError';
    this.code = code;
    this.kind = catalogue[code].kind;
    this.hint = hint;
    this.location = location;
  }
}

/** Raises the diagnostic `code`. */
export function fail<C extends Code>(code: C, params: Params<C>, location: Location = {}): never {
  throw diagnostic(code, params, location);
}

/** The diagnostic `code` as an error that has not been thrown: warnings are kept and shown as these. */
export function diagnostic<C extends Code>(code: C, params: Params<C>, location: Location = {}): SkipcError {
  const entry = catalogue[code] as { message(params: Params<C>): string; hint(params: Params<C>): string };
  return new SkipcError(code, entry.message(params), entry.hint(params), location);
}

/** Adds what the thrower could not know (say, the layer) to the location of an error that passes by. */
export function locate<T>(location: Location, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SkipcError)) throw error;
    const known = Object.fromEntries(Object.entries(error.location).filter(([, value]) => value !== undefined));
    throw new SkipcError(error.code, error.message, error.hint, { ...location, ...known });
  }
}
