import { SIZES } from './measure.ts';
import { dark, light, MONO, SANS, type Theme } from './theme.ts';

/**
 * The style of the drawing, as CSS without variables: not every program that shows an SVG in a document knows these.
 * @param root a selector of the drawing
 */
export const drawingStyle = (root: string): string =>
  `${fixed(root)}\n${colours(root, light)}\n@media (prefers-color-scheme:dark){\n${colours(root, dark)}\n}`;

const fixed = (root: string): string =>
  [
    `${root} text{font:${SIZES.small}px ${SANS}}`,
    `${root} .name{font:600 ${SIZES.name}px ${MONO}}`,
    `${root} .sub{font:${SIZES.sub}px ${MONO}}`,
    `${root} .end{text-anchor:end}`,
    `${root} .frame{stroke-width:1.25}`,
    `${root} .identity .frame,${root} .removed.pill .frame{stroke-dasharray:4 3}`,
    `${root} .edge{fill:none;stroke-width:1.6;stroke-linejoin:round}`,
    `${root} .edge.dead{stroke-dasharray:3 4;stroke-width:1.3}`,
    `${root} .group{stroke-width:1}`,
    `${root} .groupname{font:600 ${SIZES.small}px ${SANS}}`,
  ].join('\n');

function colours(root: string, theme: Theme): string {
  const tones = Object.entries(theme.tones).flatMap(([tone, { frame, fill, text, dim }]) => [
    `${root} .${tone} .frame{fill:${fill};stroke:${frame}}`,
    `${root} .${tone} .name{fill:${text}}`,
    `${root} .${tone} text{fill:${dim}}`,
  ]);
  const solid = Object.entries(theme.solid).flatMap(([tone, { fill, text }]) => [
    `${root} .solid.${tone} .frame{fill:${fill};stroke:${fill}}`,
    `${root} .solid.${tone} text,${root} .solid.${tone} .name{fill:${text}}`,
  ]);
  const edges = Object.entries(theme.edges).flatMap(([tone, colour]) => [
    `${root} .edge.${tone}{stroke:${colour}}`,
    `${root} .head.${tone}{fill:${colour}}`,
  ]);
  return [
    // Names are bolder than the rest of a box, and so is their colour: the later rule of the same weight counts.
    ...tones.filter((rule) => !rule.includes('.name')),
    ...tones.filter((rule) => rule.includes('.name')),
    ...solid,
    ...edges,
    `${root} .page{fill:${theme.page}}`,
    `${root} .title,${root} .legend{fill:${theme.text}}`,
    `${root} .subtitle{fill:${theme.dim}}`,
    `${root} .track{fill:${theme.track}}`,
    `${root} .heat{fill:${theme.heat}}`,
    `${root} .removed .heat{fill:${theme.edges.dead}}`,
    `${root} .group{fill:${theme.group.fill};stroke:${theme.group.frame}}`,
    `${root} .groupname{fill:${theme.dim}}`,
  ].join('\n');
}
