import { amountOf, label, type Metric } from './amounts.ts';
import type { NodeData, PageData } from './data.ts';
import { Minimap } from './minimap.ts';
import { nodePanel, timePanel } from './panel.ts';
import { found, type Hit } from './search.ts';
import { View } from './view.ts';

const byId = <T extends Element>(id: string): T => document.getElementById(id) as unknown as T;

/** Wires the page up: one drawing is seen at a time, of which one node may be selected. */
class Page {
  readonly #data = JSON.parse(byId<HTMLScriptElement>('data').textContent ?? '') as PageData;
  readonly #svg = byId<SVGSVGElement>('picture');
  readonly #panel = byId<HTMLElement>('panel');
  readonly #search = byId<HTMLInputElement>('search');
  readonly #count = byId<HTMLElement>('count');
  readonly #view: View;
  readonly #minimap: Minimap;
  #drawing = 0;
  #selected: number | null = null;
  /** The layer that is meant of those of the selected node. */
  #layer: number | null = null;
  #hits: readonly Hit[] = [];
  #metric: Metric = 'flops';

  constructor() {
    const [first] = this.#data.drawings;
    if (first === undefined) throw new Error('no drawing');
    this.#minimap = new Minimap(byId('minimap'), first, () => this.#view);
    this.#view = new View(this.#svg, this.#scene(0), first, () => this.#minimap.draw());
    this.#listen();
    this.#openPanel(timePanel(this.#data, (layer) => this.#goTo(layer)));
    this.#view.fit();
  }

  #scene(drawing: number): SVGGElement {
    return byId(`drawing${drawing}`);
  }

  get #nodes(): readonly NodeData[] {
    return this.#data.drawings[this.#drawing]?.nodes ?? [];
  }

  #element(node: number): SVGGElement | null {
    return byId(`n${this.#drawing}-${node}`);
  }

  #listen(): void {
    this.#svg.addEventListener('click', (event) => {
      if (this.#svg.classList.contains('dragging')) return;
      const id = (event.target as Element).closest('.node')?.id;
      this.#select(id === undefined ? null : Number(id.slice(id.indexOf('-') + 1)));
    });
    this.#svg.addEventListener('keydown', (event) => this.#key(event));
    addEventListener('keydown', (event) => {
      const isTyping = event.target instanceof HTMLInputElement;
      if (event.key === '/' && !isTyping) {
        event.preventDefault();
        this.#search.focus();
      }
      if (event.key === 'Escape') this.#select(null);
    });
    addEventListener('resize', () => this.#minimap.draw());
    this.#search.addEventListener('input', () => this.#find());
    this.#search.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.#next(event.shiftKey ? -1 : 1);
      if (event.key === 'Escape') {
        this.#search.value = '';
        this.#find();
        this.#svg.focus();
      }
    });
    byId('fit').addEventListener('click', () => this.#view.fit());
    byId('in').addEventListener('click', () => this.#view.zoom(1.3));
    byId('out').addEventListener('click', () => this.#view.zoom(1 / 1.3));
    byId('close').addEventListener('click', () => this.#select(null));
    const unfold = document.getElementById('unfold') as HTMLInputElement | null;
    unfold?.addEventListener('change', () => this.#show(unfold.checked ? 1 : 0));
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=metric]')) {
      radio.addEventListener('change', () => this.#measure(radio.value as Metric));
      if (radio.checked && radio.value !== this.#metric) this.#measure(radio.value as Metric);
    }
  }

  /** Along the lines where a node is selected, else across the picture. */
  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const node = this.#selected === null || event.shiftKey ? undefined : this.#nodes[this.#selected];
    const [first] = this.#nodes.keys();
    const side = node === undefined ? undefined : this.#beside(node, event.key);
    const goal = side ?? (event.key === 'Enter' && this.#selected === null ? first : undefined);
    // Where a line ends, the arrow that would lead on does nothing.
    const isEnd = goal === undefined && node !== undefined && event.key.startsWith('Arrow');
    if (goal !== undefined) this.#select(goal, true);
    else if (!isEnd && !this.#view.key(event.key)) return;
    event.preventDefault();
  }

  /** The node that an arrow leads to: before, behind, or another that stands behind the same. */
  #beside(node: NodeData, key: string): number | undefined {
    if (key === 'ArrowUp') return node.before[0];
    if (key === 'ArrowDown') return node.behind[0];
    if (key !== 'ArrowLeft' && key !== 'ArrowRight') return undefined;
    const mates = (node.before[0] === undefined ? undefined : this.#nodes[node.before[0]]?.behind) ?? [];
    const at = mates.indexOf(this.#selected ?? -1);
    return mates[at + (key === 'ArrowRight' ? 1 : -1)];
  }

  #select(node: number | null, reveals = false, layer: number | null = null): void {
    if (this.#selected !== null) this.#element(this.#selected)?.classList.remove('selected');
    const data = node === null ? undefined : this.#nodes[node];
    this.#selected = node;
    this.#layer = layer ?? data?.layers[0] ?? null;
    if (node === null || data === undefined) {
      this.#openPanel(timePanel(this.#data, (layer) => this.#goTo(layer)));
      return;
    }
    this.#element(node)?.classList.add('selected');
    const showAll = data.repeats > 1 && this.#data.drawings.length > 1 ? () => this.#unfold() : null;
    this.#openPanel(nodePanel(this.#data, data, layer, showAll));
    if (reveals) {
      this.#view.reveal(data);
      this.#element(node)?.focus({ preventScroll: true });
    }
  }

  #openPanel(content: readonly Node[]): void {
    byId('details').replaceChildren(...content);
    this.#panel.scrollTop = 0;
    this.#panel.hidden = content.length === 0;
    document.body.classList.toggle('open', content.length > 0);
    this.#minimap.draw();
  }

  #unfold(): void {
    byId<HTMLInputElement>('unfold').checked = true;
    this.#show(1);
  }

  #goTo(layer: number): void {
    const node = this.#nodes.findIndex(({ layers }) => layers.includes(layer));
    if (node >= 0) this.#select(node, true, layer);
  }

  /** Shows the other drawing: of runs of layers that are alike, one or all. */
  #show(drawing: number): void {
    const data = this.#data.drawings[drawing];
    if (data === undefined || drawing === this.#drawing) return;
    const layer = this.#layer;
    this.#select(null);
    this.#scene(this.#drawing).setAttribute('display', 'none');
    this.#scene(drawing).removeAttribute('display');
    this.#drawing = drawing;
    this.#minimap.show(data);
    this.#view.show(this.#scene(drawing), data);
    this.#measure(this.#metric);
    this.#find();
    if (layer !== null) this.#goTo(layer);
  }

  #find(): void {
    for (const hit of document.querySelectorAll('.hit')) hit.classList.remove('hit');
    this.#hits = found(this.#data, this.#drawing, this.#search.value);
    for (const { node } of this.#hits) this.#element(node)?.classList.add('hit');
    this.#svg.classList.toggle('searching', this.#hits.length > 0);
    this.#count.textContent = this.#search.value.trim() === '' ? '' : `${this.#hits.length} found`;
  }

  /** The hit behind the one that is selected, and behind the last the first. */
  #next(step: number): void {
    if (this.#hits.length === 0) return;
    const at = this.#hits.findIndex(({ node }) => node === this.#selected);
    const next = at < 0 ? (step > 0 ? 0 : this.#hits.length - 1) : (at + step + this.#hits.length) % this.#hits.length;
    const { node, layer } = this.#hits[next] as Hit;
    this.#select(node, false, layer);
    const { x, y, width, height } = this.#nodes[node] as NodeData;
    this.#view.center(x + width / 2, y + height / 2);
    this.#count.textContent = `${next + 1} of ${this.#hits.length}`;
  }

  #measure(metric: Metric): void {
    this.#metric = metric;
    const most = this.#nodes.reduce((most, node) => Math.max(most, amountOf(node, metric)), 0);
    this.#nodes.forEach((node, i) => {
      const drawn = this.#element(i);
      const track = drawn?.querySelector('.track');
      const heat = drawn?.querySelector('.heat');
      const cost = drawn?.querySelector('.cost');
      if (!track || !heat || !cost) return;
      const share = most === 0 ? 0 : amountOf(node, metric) / most;
      heat.setAttribute('width', share === 0 ? '0' : Math.max(2, Number(track.getAttribute('width')) * share).toFixed(1));
      cost.textContent = label(node, metric);
    });
  }
}

new Page();
