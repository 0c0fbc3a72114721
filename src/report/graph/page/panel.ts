import { amount, time } from './amounts.ts';
import type { LayerData, NodeData, PageData, TimeData } from './data.ts';

/** An element with text in it; what is from the model is only ever text. */
function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  content: string | readonly (Node | string)[] = [],
  className = '',
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.append(...(typeof content === 'string' ? [content] : content));
  return made;
}

const MOST_SHOWN = 12;

/**
 * What is told of a node: of each of its layers, or of an input or output.
 * @param meant the layer that was asked for, which comes first; of boxes that are alike, its alone
 * @param showAll shows boxes that are alike one by one, where the page can
 */
export function nodePanel({ layers }: PageData, node: NodeData, meant: number | null, showAll: (() => void) | null): readonly Node[] {
  if (node.layers.length === 0) return [element('h2', node.title)];
  const isRun = node.repeats > 1;
  const one = meant === null ? node.layers.slice(0, node.layers.length / node.repeats) : [meant];
  const all = meant === null ? node.layers : [meant, ...node.layers.filter((layer) => layer !== meant)];
  const sections = (isRun ? one : all.slice(0, MOST_SHOWN)).flatMap((layer) =>
    layers[layer] === undefined ? [] : [layerSection(layers[layer])],
  );
  if (!isRun) return sections;
  const button = element('button', 'Show them all');
  if (showAll !== null) button.addEventListener('click', showAll);
  return [...sections, element('p', `One of ${node.repeats} boxes in a row that are alike.`, 'run'), ...(showAll === null ? [] : [button])];
}

function layerSection(layer: LayerData): HTMLElement {
  const cost = [
    ...(layer.flops > 0 ? [`${amount(layer.flops)} FLOPs per sample`] : []),
    ...(layer.parameters > 0 ? [`${amount(layer.parameters)} parameters`] : []),
  ];
  return element(
    'section',
    [
      element('h2', layer.path),
      element('p', layer.className, 'class'),
      ...layer.told.map((sentence, i) => element('p', sentence, i === 0 ? `fate ${layer.tone}` : 'refused')),
      ...(cost.length > 0 ? [element('p', cost.join(', '))] : []),
      ...(layer.time === null ? [] : timeDetails(layer.time)),
      ...listed('Given', layer.inputs),
      ...listed('Gives', layer.outputs),
      ...listed(
        'Weights',
        layer.weights.map(({ name, type, isFrozen }) => `${name} ${type}${isFrozen ? ' frozen' : ''}`),
      ),
      ...code('Code', layer.code, true),
      ...code('IR', layer.ir, true),
      ...code('Config', layer.config, false),
    ],
    'layer',
  );
}

function listed(title: string, items: readonly string[]): readonly Node[] {
  return items.length === 0
    ? []
    : [
        element('h3', title),
        element(
          'ul',
          items.map((item) => element('li', item)),
        ),
      ];
}

function code(title: string, lines: readonly string[], isOpen: boolean): readonly Node[] {
  if (lines.length === 0) return [];
  const details = element('details', [
    element('summary', title),
    element(
      'pre',
      lines.map((line) => element('span', line, 'line')),
    ),
  ]);
  details.open = isOpen;
  return [details];
}

function timeDetails({ milliseconds, peerMilliseconds, kernels }: TimeData): readonly Node[] {
  const peer = peerMilliseconds === null ? '' : `, tfjs-layers ${time(peerMilliseconds)}`;
  return [
    element('p', `${own(milliseconds)}${peer}`),
    ...listed(
      'Kernels',
      kernels.map(({ name, milliseconds, calls }) => `${name}: ${time(milliseconds)}, ${calls}\u00d7`),
    ),
  ];
}

const own = (milliseconds: number | null): string => (milliseconds === null ? 'not run' : time(milliseconds));

/** Where the time goes: a bar for each layer, the longest first, and tfjs-layers below it. */
export function timePanel({ layers, times }: PageData, go: (layer: number) => void): readonly Node[] {
  if (times.length === 0) return [];
  const most = Math.max(...times.map(({ milliseconds, peerMilliseconds }) => Math.max(milliseconds ?? 0, peerMilliseconds ?? 0)));
  const bar = (value: number, className: string): Node => {
    const part = element('span', [], className);
    part.style.width = `${most === 0 ? 0 : (100 * value) / most}%`;
    return part;
  };
  const rows = times.map(({ layer, milliseconds, peerMilliseconds }) => {
    const texts = [element('span', layers[layer]?.path ?? '', 'who'), element('span', own(milliseconds), 'value')];
    const peers = peerMilliseconds === null ? [] : [bar(peerMilliseconds, 'bar peer')];
    const row = element('button', [...texts, bar(milliseconds ?? 0, 'bar own'), ...peers], 'time');
    row.title = `${layers[layer]?.path ?? ''}: ${own(milliseconds)}${peerMilliseconds === null ? '' : `, tfjs-layers ${time(peerMilliseconds)}`}`;
    row.addEventListener('click', () => go(layer));
    return row;
  });
  const hasPeer = times.some(({ peerMilliseconds }) => peerMilliseconds !== null);
  return [element('h2', 'Time'), element('p', hasPeer ? 'The module, and below it tfjs-layers.' : 'Of the module.'), ...rows];
}
