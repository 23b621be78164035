/** @file Draws a plane of cells on a canvas: zoom, a cursor, and the values of cells. */
import type { Picture } from "../format/report-data.ts";
import { colorTable, isDarkCell, type Scale } from "./colors.ts";
import { h } from "./dom.ts";
import { figure } from "./format.ts";
import { indexOf, type Plane } from "./layout.ts";

/** The size of a cell, in pixels of CSS, from which on its value is written into it. */
const READABLE = 34;
const LARGEST = 64;
const HEIGHT = { least: 28, most: 320 };

/** The value of a cell; exact where the picture has it. */
export function cellValue({ cells, scale, exact }: Picture, cell: number): number {
  if (exact) return exact[cell] as number;
  const code = cells[cell] as number;
  return code === -128 ? Number.NaN : (code * scale) / 127;
}

/** The values of a block, such as `3–5`. */
const span = (index: number, block: number): string =>
  block === 1 ? String(index) : `${index * block}–${(index + 1) * block - 1}`;

export class HeatMap {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { tabindex: 0, role: "img" });
  private readonly readout = h("output", { class: "readout" });
  private readonly cells = document.createElement("canvas");
  private picture: Picture | undefined;
  private plane: Plane = { width: 1, height: 1, cells: new Int32Array(1) };
  private scale: Scale = "diverging";
  private label = "";
  private zoom = 1;
  private fit = 1;
  private isFitted = true;
  /** The corner of the plane that is at the corner of the canvas, in cells. */
  private corner = { x: 0, y: 0 };
  private cursor: { x: number; y: number } | undefined;
  private width = 0;

  constructor() {
    this.element = h("div", { class: "heat-map" }, this.canvas, this.readout);
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
    this.canvas.addEventListener("pointermove", (event) => this.onPointer(event));
    this.canvas.addEventListener("pointerleave", () => this.moveTo(undefined));
    this.canvas.addEventListener("dblclick", () => this.zoomBy(2));
    new ResizeObserver(() => {
      const { clientWidth } = this.element;
      if (clientWidth === this.width || clientWidth === 0) return;
      this.width = clientWidth;
      this.resize();
    }).observe(this.element);
  }

  show(picture: Picture | undefined, plane: Plane, scale: Scale, label: string): void {
    const isOther = plane.width !== this.plane.width || plane.height !== this.plane.height;
    Object.assign(this, { picture, plane, scale, label });
    if (isOther) {
      this.isFitted = true;
      this.cursor = undefined;
    }
    this.paintCells();
    this.resize();
  }

  zoomBy(factor: number): void {
    const before = this.zoom;
    this.zoom = Math.max(this.fit, Math.min(LARGEST, this.zoom * factor));
    this.isFitted = this.zoom === this.fit;
    const { x, y } = this.cursor ?? { x: this.plane.width / 2, y: this.plane.height / 2 };
    // The cursor stays where it is on the canvas.
    this.corner.x = x - ((x - this.corner.x) * before) / this.zoom;
    this.corner.y = y - ((y - this.corner.y) * before) / this.zoom;
    this.draw();
  }

  /** One pixel for each cell. */
  private paintCells(): void {
    const { plane, picture, cells: canvas } = this;
    canvas.width = plane.width;
    canvas.height = plane.height;
    const context = canvas.getContext("2d");
    if (!context || !picture) return;
    const image = context.createImageData(plane.width, plane.height);
    const pixels = new Uint32Array(image.data.buffer);
    const table = colorTable(this.scale);
    const { cells } = picture;
    for (let i = 0; i < pixels.length; i++) {
      const cell = plane.cells[i] as number;
      pixels[i] = cell < 0 ? 0 : (table[(cells[cell] as number) + 128] as number);
    }
    context.putImageData(image, 0, 0);
  }

  private resize(): void {
    const { plane, canvas } = this;
    // Asking for it at each step would have the browser lay the page out for each picture.
    this.width ||= this.element.clientWidth;
    const width = this.width || 300;
    this.fit = Math.min(LARGEST / 2, width / plane.width, HEIGHT.most / plane.height);
    if (plane.height * this.fit < HEIGHT.least && plane.height > 1)
      this.fit = Math.min(width / plane.width, HEIGHT.least / plane.height);
    if (this.isFitted) {
      this.zoom = this.fit;
      this.corner = { x: 0, y: 0 };
    }
    const height = Math.min(HEIGHT.most, Math.max(14, Math.ceil(plane.height * this.fit)));
    canvas.style.height = `${height}px`;
    canvas.style.width = `${Math.min(width, Math.max(14, Math.ceil(plane.width * this.fit)))}px`;
    this.draw();
  }

  private draw(): void {
    const { canvas, plane, zoom } = this;
    const [width, height] = [Number.parseFloat(canvas.style.width), Number.parseFloat(canvas.style.height)];
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.setAttribute("aria-label", `${this.label}. Arrow keys read cells, plus and minus zoom.`);
    const context = canvas.getContext("2d");
    if (!context) return;
    this.corner.x = Math.max(0, Math.min(this.corner.x, plane.width - width / zoom));
    this.corner.y = Math.max(0, Math.min(this.corner.y, plane.height - height / zoom));
    const { x, y } = this.corner;
    context.scale(ratio, ratio);
    context.imageSmoothingEnabled = zoom < 1;
    context.drawImage(this.cells, -x * zoom, -y * zoom, plane.width * zoom, plane.height * zoom);
    if (zoom >= READABLE) this.writeValues(context, width, height);
    this.drawCursor(context);
  }

  private writeValues(context: CanvasRenderingContext2D, width: number, height: number): void {
    const { picture, plane, zoom, corner, scale } = this;
    if (!picture) return;
    context.font = `${Math.min(12, zoom / 4)}px ui-monospace, monospace`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const [right, bottom] = [corner.x + width / zoom, corner.y + height / zoom];
    for (let y = Math.floor(corner.y); y < Math.min(plane.height, bottom); y++)
      for (let x = Math.floor(corner.x); x < Math.min(plane.width, right); x++) {
        const cell = plane.cells[y * plane.width + x] as number;
        if (cell < 0) continue;
        context.fillStyle = isDarkCell(scale, picture.cells[cell] as number) ? "#fff" : "#111";
        context.fillText(
          figure(cellValue(picture, cell)),
          (x + 0.5 - corner.x) * zoom,
          (y + 0.5 - corner.y) * zoom,
        );
      }
  }

  private drawCursor(context: CanvasRenderingContext2D): void {
    const { cursor, zoom, corner } = this;
    if (!cursor) return;
    const side = Math.max(6, zoom);
    const [left, top] = [
      (cursor.x + 0.5 - corner.x) * zoom - side / 2,
      (cursor.y + 0.5 - corner.y) * zoom - side / 2,
    ];
    context.lineWidth = 3;
    context.strokeStyle = "#000";
    context.strokeRect(left, top, side, side);
    context.lineWidth = 1;
    context.strokeStyle = "#fff";
    context.strokeRect(left, top, side, side);
  }

  private moveTo(cursor: { x: number; y: number } | undefined): void {
    this.cursor = cursor;
    const { picture, plane } = this;
    const cell = cursor ? (plane.cells[cursor.y * plane.width + cursor.x] ?? -1) : -1;
    if (!picture || cell < 0) this.readout.textContent = "";
    else {
      const index = indexOf(picture.shape, cell).map((each, axis) =>
        span(each, picture.block[axis] as number),
      );
      this.readout.textContent = `[${index.join(", ")}]  ${figure(cellValue(picture, cell))}`;
    }
    this.draw();
  }

  private onPointer({ offsetX, offsetY }: PointerEvent): void {
    const x = Math.floor(this.corner.x + offsetX / this.zoom);
    const y = Math.floor(this.corner.y + offsetY / this.zoom);
    const isInside = x >= 0 && y >= 0 && x < this.plane.width && y < this.plane.height;
    this.moveTo(isInside ? { x, y } : undefined);
  }

  private onKey(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const move = moves[event.key];
    if (event.key === "+" || event.key === "=") this.zoomBy(1.5);
    else if (event.key === "-") this.zoomBy(1 / 1.5);
    else if (event.key === "Escape") this.moveTo(undefined);
    else if (move) {
      const from = this.cursor ?? { x: -Math.max(0, move[0]), y: 0 };
      const x = Math.max(0, Math.min(this.plane.width - 1, from.x + move[0]));
      const y = Math.max(0, Math.min(this.plane.height - 1, from.y + move[1]));
      this.scrollTo(x, y);
      this.moveTo({ x, y });
    } else return;
    event.preventDefault();
  }

  /** Brings a cell into view. */
  private scrollTo(x: number, y: number): void {
    const [across, down] = [
      Number.parseFloat(this.canvas.style.width) / this.zoom,
      Number.parseFloat(this.canvas.style.height) / this.zoom,
    ];
    this.corner.x = Math.min(x, Math.max(this.corner.x, x + 1 - across));
    this.corner.y = Math.min(y, Math.max(this.corner.y, y + 1 - down));
  }
}
