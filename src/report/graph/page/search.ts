import type { PageData } from './data.ts';

/** Nodes of a drawing that have a layer whose name or class holds the text, in the order of the picture; none for no text. */
export function found({ layers, drawings }: PageData, drawing: number, text: string): readonly number[] {
  const sought = text.trim().toLowerCase();
  if (sought === '') return [];
  const fits = layers.map(({ path, className }) => path.toLowerCase().includes(sought) || className.toLowerCase().includes(sought));
  return (drawings[drawing]?.nodes ?? []).flatMap((node, i) =>
    node.layers.some((layer) => fits[layer]) || node.title.toLowerCase().includes(sought) ? [i] : [],
  );
}
