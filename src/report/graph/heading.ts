import { count, percent } from '../format.ts';
import type { Picture, Title, Tone } from './picture.ts';
import { shortened } from './text-size.ts';

const LONGEST_TITLE = 48;

/** What is drawn, in two lines. */
export function headingOf({ model, outputs, layers, flops, isCounted, saved }: Title): {
  readonly title: string;
  readonly subtitle: string;
} {
  const shown = outputs.slice(0, 3).map((output) => shortened(output, LONGEST_TITLE));
  const names = `${shown.join(', ')}${outputs.length > shown.length ? ` and ${outputs.length - shown.length} more` : ''}`;
  const share = isCounted && flops.of > 0 ? ` (${percent(flops.kept, flops.of)})` : '';
  return {
    title: `${shortened(model, LONGEST_TITLE)} \u2192 ${names}`,
    subtitle: [
      `${layers.kept} of ${layers.of} layers`,
      `${count(flops.kept)} of ${isCounted ? '' : 'at least '}${count(flops.of)} FLOPs per sample${share}`,
      ...(saved === null ? [] : [`the prefix saves ${percent(saved, flops.kept)} of each further evaluation`]),
    ].join(' \u00b7 '),
  };
}

export interface LegendEntry {
  readonly text: string;
  readonly tone: Tone | 'feature' | 'heat';
}

const MEANINGS: readonly LegendEntry[] = [
  { tone: 'prefix', text: 'prefix: once for each sample' },
  { tone: 'feature', text: 'the cut' },
  { tone: 'suffix', text: 'suffix: every evaluation' },
  { tone: 'load', text: 'once, when weights are loaded' },
  { tone: 'identity', text: 'does nothing in evaluation' },
  { tone: 'removed', text: 'removed' },
];

/** What the picture's colours mean, those that it has. */
export function legendOf({ nodes, title }: Picture): readonly LegendEntry[] {
  const tones = new Set<LegendEntry['tone']>(
    nodes.flatMap((node) => (node.kind === 'box' ? [node.tone] : node.role === 'feature' ? ['feature' as const] : [])),
  );
  const isCut = title.saved !== null;
  return [
    ...MEANINGS.filter(({ tone }) => tones.has(tone)).map((entry) =>
      entry.tone === 'suffix' && !isCut ? { ...entry, text: 'runs' } : entry,
    ),
    { tone: 'heat', text: 'FLOPs per sample' },
  ];
}
