/**
 * `invalid` is a fault in what the user handed in, `unsupported` is ours to build, `invariant` is a bug of skipc. The message
 * says what is wrong, the hint what to do.
 */
export type Kind = 'invalid' | 'unsupported' | 'invariant';

export interface Entry<P> {
  readonly kind: Kind;
  message(params: P): string;
  hint(params: P): string;
}

export const entry = <P>(kind: Kind, message: (params: P) => string, hint: (params: P) => string): Entry<P> => ({ kind, message, hint });

export const list = (names: readonly string[]): string =>
  names
    .slice(0, 10)
    .map((name) => JSON.stringify(name))
    .join(', ') + (names.length > 10 ? ', ...' : '');
export const didYouMean = (suggestions: readonly string[], otherwise: string): string =>
  suggestions.length > 0 ? `did you mean ${list(suggestions)}?` : otherwise;
