/** @file Arcs beside the tree, from each place of a shared part to the next one. */
import { svg } from "./dom.ts";

const WIDTH = 26;
const HUES = 6;

export class SharedArcs {
  readonly element: SVGSVGElement = svg("svg", { class: "arcs", width: WIDTH, "aria-hidden": "true" });
  private isPlanned = false;

  /** Draws them when the rows have their places. */
  place(rows: () => readonly { readonly object: number; readonly row: HTMLElement }[]): void {
    if (this.isPlanned) return;
    this.isPlanned = true;
    requestAnimationFrame(() => {
      this.isPlanned = false;
      this.draw(rows());
    });
  }

  private draw(rows: readonly { readonly object: number; readonly row: HTMLElement }[]): void {
    const top = this.element.parentElement?.getBoundingClientRect().top ?? 0;
    const scrolled = this.element.parentElement?.scrollTop ?? 0;
    const groups = new Map<number, number[]>();
    for (const { object, row } of rows) {
      const { top: y, height } = row.getBoundingClientRect();
      const group = groups.get(object) ?? [];
      group.push(y + height / 2 - top + scrolled);
      groups.set(object, group);
    }
    let bottom = 0;
    const drawn: SVGElement[] = [];
    for (const [number, ys] of [...groups.values()].entries()) {
      const hue = `hue-${number % HUES}`;
      bottom = Math.max(bottom, ...ys);
      for (const y of ys) drawn.push(svg("circle", { cx: WIDTH - 4, cy: y, r: 3, class: hue }));
      for (let i = 1; i < ys.length; i++) {
        const [from, to] = [ys[i - 1] as number, ys[i] as number];
        const depth = Math.min(WIDTH - 6, 6 + (number % HUES) * 3);
        const x = WIDTH - 4;
        drawn.push(
          svg("path", { d: `M${x} ${from}C${x - depth} ${from} ${x - depth} ${to} ${x} ${to}`, class: hue }),
        );
      }
    }
    this.element.setAttribute("height", String(Math.ceil(bottom + 8)));
    this.element.replaceChildren(...drawn);
    this.element.parentElement?.classList.toggle("has-arcs", drawn.length > 0);
  }
}
