import type { Picture } from './picture.ts';
import type { Place } from './placed.ts';

const SIDE = 12;
/** Room for the name. */
const TOP = 24;

/**
 * Frames around the nested models of boxes that were placed without regard to these; null where a frame would hold something else too, or
 * where there are models in models.
 * @param lines between these boxes: what leads from one of a model to another stays in its frame
 */
export function framesOf(
  nodes: readonly number[],
  picture: Picture,
  places: ReadonlyMap<string, Place>,
  lines: readonly { readonly from: number; readonly to: number; readonly points: readonly (readonly [number, number])[] }[],
): (Place & { readonly name: string })[] | null {
  const members = new Map<string, number[]>();
  const groupOf = (place: number): string => {
    const node = picture.nodes[place];
    return node?.kind === 'box' ? node.group : '';
  };
  for (const place of nodes) {
    const group = groupOf(place);
    const known = members.get(group);
    if (known === undefined) members.set(group, [place]);
    else known.push(place);
  }
  members.delete('');
  const frames: (Place & { readonly name: string })[] = [];
  for (const [name, own] of members) {
    if ([...members.keys()].some((other) => other.startsWith(`${name}/`))) return null;
    const inside = new Set(own);
    const between = lines.filter(({ from, to }) => inside.has(from) && inside.has(to)).flatMap(({ points }) => points);
    const frame = around([
      ...own.flatMap((place) => places.get(`${place}`) ?? []),
      ...between.map(([x, y]) => ({ x, y, width: 0, height: 0 })),
    ]);
    const holdsOther = nodes.some((place) => groupOf(place) !== name && overlap(frame, places.get(`${place}`)));
    if (holdsOther || frames.some((other) => overlap(frame, other))) return null;
    frames.push({ name, ...frame });
  }
  return frames;
}

function around(places: readonly Place[]): Place {
  const edge = (of: (place: Place) => number, pick: (a: number, b: number) => number): number =>
    places.map(of).reduce((a, b) => pick(a, b));
  const [x, y] = [edge((place) => place.x, Math.min) - SIDE, edge((place) => place.y, Math.min) - TOP];
  const right = edge((place) => place.x + place.width, Math.max) + SIDE;
  const bottom = edge((place) => place.y + place.height, Math.max) + SIDE;
  return { x, y, width: right - x, height: bottom - y };
}

const overlap = (a: Place, b: Place | undefined): boolean =>
  b !== undefined && a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
