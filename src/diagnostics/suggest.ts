import { distance } from 'fastest-levenshtein';

const MOST_CANDIDATES = 5_000;
const LONGEST_NAME = 200;
const MOST_SUGGESTIONS = 3;

/**
 * What the user may have meant: at most three of the candidates, the nearest first. Empty where nothing is near, and where
 * comparing would take long (very many candidates, or very long names).
 */
export function suggest(name: string, candidates: Iterable<string>): string[] {
  if (name.length > LONGEST_NAME) return [];
  const near: { readonly candidate: string; readonly edits: number }[] = [];
  let seen = 0;
  for (const candidate of candidates) {
    if (++seen > MOST_CANDIDATES) return [];
    if (candidate.length > LONGEST_NAME) continue;
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    // A third of the letters wrong is a typing slip; more is another name.
    if (edits <= Math.max(1, Math.floor(name.length / 3))) near.push({ candidate, edits });
  }
  return near
    .sort((a, b) => a.edits - b.edits)
    .slice(0, MOST_SUGGESTIONS)
    .map(({ candidate }) => candidate);
}
