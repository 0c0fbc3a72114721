import type { PageData } from './data.ts';

/** A node that was looked for, and which of its layers it was; null where it has none. */
export interface Hit {
  readonly node: number;
  readonly layer: number | null;
}

/** Nodes of a drawing that have a layer whose name or class holds the text, in the order of the picture; none for no text. */
export function found({ layers, drawings }: PageData, drawing: number, text: string): readonly Hit[] {
  const sought = text.trim().toLowerCase();
  if (sought === '') return [];
  const fits = layers.map(({ path, className }) => path.toLowerCase().includes(sought) || className.toLowerCase().includes(sought));
  return (drawings[drawing]?.nodes ?? []).flatMap((node, i): Hit[] => {
    const layer = node.layers.find((place) => fits[place]);
    if (layer !== undefined) return [{ node: i, layer }];
    return node.title.toLowerCase().includes(sought) ? [{ node: i, layer: null }] : [];
  });
}
