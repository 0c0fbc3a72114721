import { showShape } from '../../ir/types.ts';
import { detailsOf, type Emitted } from './details.ts';
import type { DrawingData, PageData } from './page/data.ts';
import type { LayerTime, Node, Picture, PictureParts } from './picture.ts';
import type { Placed } from './placed.ts';

/** A picture and where everything in it is. */
export interface PlacedPicture {
  readonly picture: Picture;
  readonly placed: Placed;
}

/** What the script of the page works on. */
export function pageData(parts: PictureParts, emitted: Emitted, pictures: readonly PlacedPicture[]): PageData {
  const { profile } = parts;
  const details = detailsOf(parts, emitted);
  const places = new Map(details.map(({ path }, i) => [path, i]));
  const layers = details.map((layer, i) => {
    const time = profile?.get(layer.path);
    return { ...layer, time: time === undefined ? null : { layer: i, ...time } };
  });
  const times = layers.flatMap(({ time }) => time ?? []).sort(longestFirst);
  return { layers, times, drawings: pictures.map((each) => drawingData(each, places)) };
}

/** What the module does not run comes behind what it does. */
function longestFirst(a: LayerTime, b: LayerTime): number {
  return (b.milliseconds ?? -1) - (a.milliseconds ?? -1) || (b.peerMilliseconds ?? 0) - (a.peerMilliseconds ?? 0);
}

function drawingData({ picture, placed }: PlacedPicture, places: ReadonlyMap<string, number>): DrawingData {
  const [before, behind] = [picture.nodes.map((): number[] => []), picture.nodes.map((): number[] => [])];
  for (const { from, to } of picture.edges) {
    before[to]?.push(from);
    behind[from]?.push(to);
  }
  const at = new Map(placed.nodes.map((node) => [node.node, node]));
  const nodes = picture.nodes.map((node, i) => {
    const { x = 0, y = 0, width = 0, height = 0 } = at.get(i) ?? {};
    const cost = node.kind === 'box' ? node : { flops: 0, parameters: 0, milliseconds: null };
    return {
      ...{ x, y, width, height, tone: node.tone, title: titleOf(node) },
      layers: layersOf(node).flatMap((layer) => places.get(layer) ?? []),
      ...{ flops: cost.flops, parameters: cost.parameters, milliseconds: cost.milliseconds },
      ...{ before: before[i] ?? [], behind: behind[i] ?? [] },
      repeats: node.kind === 'box' ? (node.repeats?.count ?? 1) : 1,
    };
  });
  return { width: placed.width, height: placed.height, nodes };
}

const layersOf = (node: Node): readonly string[] =>
  node.kind === 'pill' ? [] : (node.repeats?.layers ?? node.rows.map(({ layer }) => layer));

const ROLES = {
  input: 'Input',
  output: 'Output',
  cut: 'Given as an input, in place of what the model computes',
  feature: 'The cut: the prefix returns it, the suffix takes it',
} as const;

const titleOf = (node: Node): string =>
  node.kind === 'box' ? '' : `${ROLES[node.role]}: ${node.name}${node.shape === null ? '' : ` ${showShape(node.shape)}`}`;
