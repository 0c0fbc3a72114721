import type { Compiled } from './compile.ts';
import { fail } from './diagnostics/error.ts';
import { explain } from './report/explain.ts';
import { compose } from './report/graph/compose.ts';
import { place } from './report/graph/layout.ts';
import { pageOf } from './report/graph/page.ts';
import { type PlacedPicture, pageData } from './report/graph/page-data.ts';
import type { Picture, PictureParts, Profile } from './report/graph/picture.ts';
import { foldRepeats } from './report/graph/repeats.ts';
import { svgOf } from './report/graph/svg.ts';

/** From so many boxes on, those in a row that are alike are drawn as one. */
const MANY = 150;
/** What is more is no picture any more, and would take minutes to lay out. */
const MOST = 5000;

/** What was compiled, as an SVG file of its own. */
export async function graphSvg(compiled: Compiled): Promise<string> {
  const all = compose(partsOf(compiled, undefined));
  const picture = all.nodes.length > MANY ? foldRepeats(all) : all;
  checkSize(picture);
  return svgOf(picture, await place(picture));
}

/**
 * What was compiled, as a page of its own.
 * @param profile how long each layer takes, where somebody has measured that
 */
export async function graphPage(compiled: Compiled, profile?: Profile): Promise<string> {
  const parts = partsOf(compiled, profile);
  const all = compose(parts);
  const folded = all.nodes.length > MANY ? foldRepeats(all) : all;
  checkSize(folded);
  // Of thousands of layers that are alike, the folded picture is all that there is to see.
  const pictures = folded === all || all.nodes.length > MOST ? [folded] : [folded, all];
  const placed: PlacedPicture[] = [];
  for (const picture of pictures) placed.push({ picture, placed: await place(picture) });
  return pageOf(placed, pageData(parts, compiled, placed));
}

const partsOf = ({ analysis, summary }: Compiled, profile: Profile | undefined): PictureParts => {
  const { graph } = analysis.model;
  return { ...analysis, graph, explanations: summary.explanations ?? explain({ ...analysis, graph }), profile };
};

/** @throws SkipcError `graph-too-large` */
function checkSize({ nodes }: Picture): void {
  if (nodes.length > MOST) fail('graph-too-large', { boxes: nodes.length, most: MOST });
}
