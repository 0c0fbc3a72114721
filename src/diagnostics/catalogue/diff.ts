import { entry } from './entry.ts';

/** What two models or dumps are compared by. */
export const diff = {
  'diff-arguments': entry<{ found: number }>(
    'invalid',
    ({ found }) => `two models are compared, and ${found} ${found === 1 ? 'is' : 'are'} given`,
    () => 'give two models or dumps: skipc diff old.json new.json',
  ),
  'git-arguments': entry<{ found: number }>(
    'invalid',
    ({ found }) => `git hands a diff driver 1, 7 or 9 arguments, not ${found}`,
    () => 'let git call this: git config diff.skipc.command "skipc diff --git"',
  ),
} as const;
