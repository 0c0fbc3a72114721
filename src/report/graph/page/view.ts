import type { DrawingData } from './data.ts';

const MOST_SCALE = 4;
const ZOOM_STEP = 1.3;
const PAN_STEP = 80;
const MARGIN = 32;
/** Room for the legend below. */
const FOOT = 64;

/** What is seen of a drawing: where its origin is on the screen, and how large it is drawn. */
export class View {
  readonly #svg: SVGSVGElement;
  readonly #onChange: () => void;
  #scene: SVGGElement;
  #data: DrawingData;
  x = 0;
  y = 0;
  scale = 1;

  constructor(svg: SVGSVGElement, scene: SVGGElement, data: DrawingData, onChange: () => void) {
    this.#svg = svg;
    this.#scene = scene;
    this.#data = data;
    this.#onChange = onChange;
    this.#listen();
  }

  /** Shows another drawing. */
  show(scene: SVGGElement, data: DrawingData): void {
    this.#scene = scene;
    this.#data = data;
    this.fit();
  }

  get size(): { readonly width: number; readonly height: number } {
    const { clientWidth, clientHeight } = this.#svg;
    return { width: clientWidth, height: clientHeight };
  }

  /** All of it, no larger than it was drawn. */
  fit(): void {
    const { width, height } = this.size;
    this.scale = Math.min(1, this.#least());
    this.x = (width - this.#data.width * this.scale) / 2;
    this.y = Math.max(MARGIN, (height - FOOT - this.#data.height * this.scale) / 2);
    this.#apply();
  }

  #least(): number {
    const { width, height } = this.size;
    return Math.max(0.01, Math.min((width - 2 * MARGIN) / this.#data.width, (height - MARGIN - FOOT) / this.#data.height));
  }

  /** By a factor, about a point of the screen; without one, about its middle. */
  zoom(factor: number, at?: { readonly x: number; readonly y: number }): void {
    const { width, height } = this.size;
    const { x, y } = at ?? { x: width / 2, y: height / 2 };
    const scale = Math.min(MOST_SCALE, Math.max(Math.min(1, this.#least()) / 2, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.#apply();
  }

  pan(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
    this.#apply();
  }

  /** Brings a place of the drawing into the middle, large enough to be read. */
  center(x: number, y: number): void {
    const { width, height } = this.size;
    this.scale = Math.max(this.scale, 0.8);
    this.x = width / 2 - x * this.scale;
    this.y = height / 2 - y * this.scale;
    this.#apply();
  }

  /** Moves as little as it takes to have a box in sight. */
  reveal(box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }): void {
    const { width, height } = this.size;
    const left = this.x + box.x * this.scale;
    const top = this.y + box.y * this.scale;
    const isSeen = left >= 0 && top >= 0 && left + box.width * this.scale <= width && top + box.height * this.scale <= height;
    if (!isSeen || this.scale < 0.35) this.center(box.x + box.width / 2, box.y + box.height / 2);
  }

  #apply(): void {
    this.#scene.setAttribute('transform', `translate(${this.x.toFixed(2)} ${this.y.toFixed(2)}) scale(${this.scale.toFixed(4)})`);
    this.#onChange();
  }

  #listen(): void {
    const svg = this.#svg;
    svg.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        const { left, top } = svg.getBoundingClientRect();
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
        this.zoom(Math.exp(-event.deltaY * lines * 0.0016), { x: event.clientX - left, y: event.clientY - top });
      },
      { passive: false },
    );
    // Two fingers zoom, one pans.
    const pointers = new Map<number, { x: number; y: number }>();
    svg.addEventListener('pointerdown', (event) => {
      if (event.button === 0) pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    svg.addEventListener('pointermove', (event) => {
      const before = pointers.get(event.pointerId);
      if (before === undefined) return;
      const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
      // A click that trembles is none that drags.
      if (!svg.classList.contains('dragging') && Math.hypot(dx, dy) < 4) return;
      svg.classList.add('dragging');
      svg.setPointerCapture(event.pointerId);
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (other === undefined) {
        this.pan(dx, dy);
        return;
      }
      const { left, top } = svg.getBoundingClientRect();
      const was = Math.hypot(before.x - other.x, before.y - other.y);
      const is = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      if (was > 0) this.zoom(is / was, { x: (event.clientX + other.x) / 2 - left, y: (event.clientY + other.y) / 2 - top });
    });
    const end = (event: PointerEvent): void => {
      pointers.delete(event.pointerId);
      // The click that ends a drag comes behind this.
      if (pointers.size === 0) setTimeout(() => svg.classList.remove('dragging'));
    };
    svg.addEventListener('pointerup', end);
    svg.addEventListener('pointercancel', end);
  }

  /** What a key does to what is seen; false where it does nothing. */
  key(key: string): boolean {
    switch (key) {
      case '+':
      case '=':
        this.zoom(ZOOM_STEP);
        return true;
      case '-':
        this.zoom(1 / ZOOM_STEP);
        return true;
      case '0':
        this.fit();
        return true;
      case 'ArrowLeft':
        this.pan(PAN_STEP, 0);
        return true;
      case 'ArrowRight':
        this.pan(-PAN_STEP, 0);
        return true;
      case 'ArrowUp':
        this.pan(0, PAN_STEP);
        return true;
      case 'ArrowDown':
        this.pan(0, -PAN_STEP);
        return true;
      default:
        return false;
    }
  }
}
