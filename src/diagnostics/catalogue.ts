import { command } from './catalogue/command.ts';
import { data } from './catalogue/data.ts';
import { diff } from './catalogue/diff.ts';
import { evaluation } from './catalogue/evaluation.ts';
import { layers } from './catalogue/layers.ts';
import { peer } from './catalogue/peer.ts';
import { programs } from './catalogue/programs.ts';
import { reading } from './catalogue/reading.ts';
import { selection } from './catalogue/selection.ts';
import { verify } from './catalogue/verify.ts';
import { weights } from './catalogue/weights.ts';

export type { Kind } from './catalogue/entry.ts';

/** Every diagnostic skipc can give, by its code. */
export const catalogue = {
  ...reading,
  ...weights,
  ...layers,
  ...selection,
  ...command,
  ...programs,
  ...data,
  ...diff,
  ...evaluation,
  ...peer,
  ...verify,
} as const;

export type Code = keyof typeof catalogue;
export type Params<C extends Code> = Parameters<(typeof catalogue)[C]['message']>[0];
