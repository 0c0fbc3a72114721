import type { DrawingData } from './data.ts';
import type { View } from './view.ts';

/** All of the drawing, small, with a frame around what is seen of it: for drawings that are larger than the screen. */
export class Minimap {
  readonly #canvas: HTMLCanvasElement;
  readonly #view: () => View;
  #data: DrawingData;
  #scale = 1;

  constructor(canvas: HTMLCanvasElement, data: DrawingData, view: () => View) {
    this.#canvas = canvas;
    this.#data = data;
    this.#view = view;
    const go = (event: PointerEvent): void => {
      const { left, top } = canvas.getBoundingClientRect();
      this.#view().center((event.clientX - left) / this.#scale, (event.clientY - top) / this.#scale);
    };
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      go(event);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (event.buttons > 0) go(event);
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  show(data: DrawingData): void {
    this.#data = data;
    this.draw();
  }

  draw(): void {
    const canvas = this.#canvas;
    const { width, height, nodes } = this.#data;
    const view = this.#view();
    const isWhole =
      view.x >= 0 && view.y >= 0 && view.x + width * view.scale <= view.size.width && view.y + height * view.scale <= view.size.height;
    canvas.hidden = isWhole;
    const context = canvas.getContext('2d');
    if (isWhole || context === null) return;
    this.#scale = Math.min(220 / width, 160 / height);
    const density = devicePixelRatio;
    const [shownWidth, shownHeight] = [Math.ceil(width * this.#scale), Math.ceil(height * this.#scale)];
    canvas.width = shownWidth * density;
    canvas.height = shownHeight * density;
    canvas.style.width = `${shownWidth}px`;
    canvas.style.height = `${shownHeight}px`;
    context.scale(density * this.#scale, density * this.#scale);
    const colours = getComputedStyle(document.documentElement);
    for (const { x, y, width, height, tone } of nodes) {
      context.fillStyle = colours.getPropertyValue(`--${tone}`);
      context.fillRect(x, y, width, height);
    }
    context.strokeStyle = colours.getPropertyValue('--mark');
    context.lineWidth = 2 / this.#scale;
    context.strokeRect(-view.x / view.scale, -view.y / view.scale, view.size.width / view.scale, view.size.height / view.scale);
  }
}
