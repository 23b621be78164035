/** @file A matrix as a picture: a cell for each value. */
import type { Matrix } from "../models/pictures.ts";
import { diverging, sequential } from "./colors.ts";
import { h } from "./dom.ts";

/** How values become colours: around 0 up to the largest size, or from 0 to 1. */
export type Scale = "diverging" | "shares";

export class MatrixView {
  readonly element: HTMLCanvasElement;
  private readonly scale: Scale;
  private readonly label: string;
  private shown: Matrix | undefined;

  constructor(label: string, scale: Scale) {
    this.label = label;
    this.scale = scale;
    this.element = h("canvas", { class: "matrix", role: "img", "aria-label": label, width: 1, height: 1 });
  }

  /** @param text - what is seen, for those who do not see it */
  show(matrix: Matrix, text = ""): void {
    this.shown = matrix;
    this.element.setAttribute("aria-label", text ? `${this.label}: ${text}` : this.label);
    this.draw();
  }

  draw(): void {
    const { shown, element } = this;
    const context = element.getContext("2d");
    if (!shown || !context) return;
    const { values, rows, columns } = shown;
    if (element.width !== columns || element.height !== rows) {
      element.width = columns;
      element.height = rows;
    }
    const image = context.createImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    const table = this.colorTable();
    const most = this.scale === "shares" ? 1 : largest(values);
    for (let i = 0; i < values.length; i++) {
      const t = most === 0 ? 0 : (values[i] as number) / most;
      pixels[i] = table[Math.round(127.5 * (t + 1))] as number;
    }
    context.putImageData(image, 0, 0);
  }

  /** Colours of -1 to 1, as the bytes of an image on machines that write the lowest byte first. */
  private colorTable(): Uint32Array {
    const color = this.scale === "shares" ? sequential : diverging;
    return Uint32Array.from({ length: 256 }, (_, i) => {
      const [r, g, b] = color(i / 127.5 - 1);
      return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
    });
  }
}

const largest = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
