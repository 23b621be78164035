/** @file A pad of 8 x 8 cells to draw on, with the mouse, a finger or the keyboard. */
import { cssColor, sequential, themed } from "./colors.ts";
import { h } from "./dom.ts";

const SIDE = 8;
const CELL = 34;
/** A stroke is so wide, in cells; it fades to its edge as in the images of the training. */
const REACH = 1.15;
const STEPS = 4;

const moves: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class DrawingPad {
  readonly element: HTMLElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly said = h("output", { class: "readout" });
  private readonly onDraw: (pixels: Float32Array) => void;
  private pixels = new Float32Array(SIDE * SIDE);
  private pen = { x: 3, y: 1 };
  private isDown = false;
  private last: { x: number; y: number } | undefined;

  constructor(onDraw: (pixels: Float32Array) => void) {
    this.onDraw = onDraw;
    this.canvas = h("canvas", {
      class: "pad",
      width: SIDE * CELL,
      height: SIDE * CELL,
      tabindex: 0,
      role: "application",
      "aria-roledescription": "drawing pad",
      "aria-label":
        "Drawing pad of 8 by 8 cells. Arrow keys move the pen, Space puts it down or lifts it, Delete clears.",
    });
    this.element = h("div", { class: "pad-place" }, this.canvas, this.said);
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    this.canvas.addEventListener("pointerup", () => (this.last = undefined));
    this.canvas.addEventListener("pointercancel", () => (this.last = undefined));
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
    this.canvas.addEventListener("focus", () => this.draw());
    this.canvas.addEventListener("blur", () => this.lift());
    this.draw();
  }

  /** Shows an image. While a stroke is being drawn, the reader's own stays. */
  show(pixels: Float32Array): void {
    if (this.last || this.isDown) return;
    this.pixels = pixels.slice();
    this.draw();
  }

  clear(): void {
    this.pixels.fill(0);
    this.draw();
    this.onDraw(this.pixels.slice());
  }

  draw(): void {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    for (const [i, value] of this.pixels.entries()) {
      context.fillStyle = cssColor(sequential(value));
      context.fillRect((i % SIDE) * CELL, Math.floor(i / SIDE) * CELL, CELL, CELL);
    }
    if (document.activeElement !== this.canvas) return;
    const { x, y } = this.pen;
    context.lineWidth = 3;
    context.setLineDash(this.isDown ? [] : [4, 3]);
    context.strokeStyle = themed("--orange");
    context.strokeRect(x * CELL + 2, y * CELL + 2, CELL - 4, CELL - 4);
    context.setLineDash([]);
  }

  private cellOf({ offsetX, offsetY }: PointerEvent): { x: number; y: number } {
    const size = this.canvas.clientWidth / SIDE;
    return { x: offsetX / size - 0.5, y: offsetY / size - 0.5 };
  }

  private begin(event: PointerEvent): void {
    this.canvas.setPointerCapture(event.pointerId);
    this.last = this.cellOf(event);
    this.stroke(this.last, this.last);
  }

  private move(event: PointerEvent): void {
    if (!this.last) return;
    const to = this.cellOf(event);
    this.stroke(this.last, to);
    this.last = to;
  }

  private stroke(from: { x: number; y: number }, to: { x: number; y: number }): void {
    for (let step = 0; step <= STEPS; step++) {
      const share = step / STEPS;
      this.dab(from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share);
    }
    this.draw();
    this.onDraw(this.pixels.slice());
  }

  /** Ink around a place; cells get as dark as the nearest place of the stroke makes them. */
  private dab(x: number, y: number): void {
    for (let i = 0; i < this.pixels.length; i++) {
      const distance = Math.hypot((i % SIDE) - x, Math.floor(i / SIDE) - y);
      const ink = Math.min(1, Math.max(0, 1.35 * (1 - distance / REACH)));
      this.pixels[i] = Math.max(this.pixels[i] as number, ink);
    }
  }

  private lift(): void {
    this.isDown = false;
    this.draw();
  }

  private onKey(event: KeyboardEvent): void {
    const move = moves[event.key];
    const { pen } = this;
    if (move) {
      const from = { ...pen };
      pen.x = Math.min(SIDE - 1, Math.max(0, pen.x + move[0]));
      pen.y = Math.min(SIDE - 1, Math.max(0, pen.y + move[1]));
      if (this.isDown) this.stroke(from, pen);
    } else if (event.key === " ") {
      this.isDown = !this.isDown;
      if (this.isDown) this.stroke(pen, pen);
    } else if (event.key === "Delete" || event.key === "Backspace") this.clear();
    else return;
    event.preventDefault();
    this.said.textContent = `row ${pen.y + 1}, column ${pen.x + 1}, pen ${this.isDown ? "down" : "up"}`;
    this.draw();
  }
}
