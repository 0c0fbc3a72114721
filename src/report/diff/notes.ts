import { elements } from '../../ir/types.ts';
import type { Changes } from './changes.ts';
import type { PortChange } from './interface.ts';
import type { Diff } from './schema.ts';
import type { Side, ValueChanges } from './side.ts';

/** What one has to know besides what differs. */
export function notesOf(a: Side, b: Side, changes: Changes, ports: readonly PortChange[], { notCompared }: ValueChanges): Diff['notes'] {
  const uncounted = Math.max(a.cost.uncounted, b.cost.uncounted);
  const [before, after] = [writerText(a.about), writerText(b.about)];
  return [
    ...(notCompared === null ? [] : [{ kind: 'values' as const, message: notCompared }]),
    ...unitNotes(a, b, changes, ports),
    ...(changes.training.some(({ settings }) => settings.some(({ key }) => /(?:^|\.)dtype$/.test(key)))
      ? [{ kind: 'dtype' as const, message: 'dtype policies differ: a compiled module computes in float32 whatever they say' }]
      : []),
    ...(uncounted > 0
      ? [
          {
            kind: 'uncounted' as const,
            message: `${uncounted} ${uncounted === 1 ? 'layer' : 'layers'} skipc cannot compile: compared by config, not counted in the cost`,
          },
        ]
      : []),
    ...(before === after || a.about.is !== 'model' || b.about.is !== 'model'
      ? []
      : [{ kind: 'writer' as const, message: `written by ${before}, then by ${after}` }]),
  ];
}

/** `Keras 3.15.1`, or as much of it as is known. */
const writerText = ({ writer, version }: Diff['a']): string =>
  version === null ? (writer ?? '') : version.startsWith('tfjs') ? version : `Keras ${version}`;

/** What the units of an output stand for, a model does not say: where another layer makes them, or more of them, it may be another thing. */
function unitNotes(a: Side, b: Side, changes: Changes, ports: readonly PortChange[]): Diff['notes'] {
  const kept = new Set(a.interface.outputs.map(({ key }) => key));
  const makers = new Map(b.graph.outputs.map(({ key, tap }) => [key, tap.node]));
  const sizes = new Set(
    ports.flatMap(({ of, before, after }) => (of === 'output' && before !== null && after !== null ? [before.key] : [])),
  );
  return b.interface.outputs.flatMap(({ key, type }) => {
    const node = makers.get(key) ?? -1;
    const resized = sizes.has(key);
    const units = type?.shape.at(-1);
    if (!kept.has(key) || typeof units !== 'number' || units < 2 || elements(type?.shape.slice(1) ?? []) < 2) return [];
    const isNew = (changes.pairs.ofB[node] ?? -1) < 0;
    if (!isNew && !resized) return [];
    const what = isNew ? 'is made by another layer' : 'has another size';
    return [
      {
        kind: 'units' as const,
        message: `${JSON.stringify(key)} ${what}: whether its units stand for what they did, and in that order, cannot be known`,
      },
    ];
  });
}
