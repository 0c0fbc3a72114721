import type { Explanation, Fate } from './explanation.ts';

const VERBS: Partial<Readonly<Record<Fate, string>>> = {
  folded: 'folded into',
  fused: 'fused into',
  merged: 'computed as one with',
  joined: 'rewritten, with',
};
const REFUSED: Readonly<Record<string, string>> = { fold: 'not folded', fuse: 'not fused', siblings: 'not merged' };

/**
 * What became of a layer in sentences, then what did not.
 * @param show how names out of the model, and texts that hold such, are shown
 */
export function told({ fate, into, stage, because, refused }: Explanation, show: (name: string) => string = (name) => name): string[] {
  const verb = VERBS[fate];
  const reasons = because.join('; ');
  const head = fate === 'kept' ? `kept, ${stage}: ` : fate === 'skipped' ? 'skipped ' : `${fate}: `;
  const joined = into.length > 0 ? `${verb} ${into.map(show).join(', ')}` : 'rewritten';
  return [
    verb === undefined ? head + reasons : `${joined} ${reasons}`.trimEnd(),
    ...refused.map(({ pass, rule, why }) => `${REFUSED[pass] ?? 'not rewritten'} by ${rule}: ${why}`),
  ];
}
