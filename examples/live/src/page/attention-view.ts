/** @file What each place attends to: one picture for each head. */
import type { Matrix } from "../models/pictures.ts";
import { h } from "./dom.ts";
import { MatrixView } from "./matrix-view.ts";

const letters = (tokens: readonly string[]): HTMLElement[] => tokens.map((token) => h("span", {}, token));

/** Where a row has most of its weight. */
function strongest({ values, columns }: Matrix, row: number): number {
  const weights = values.subarray(row * columns, (row + 1) * columns);
  return weights.indexOf(Math.max(...weights));
}

/** One head: a row for each place that looks, a column for each that is looked at. */
class Head {
  readonly element: HTMLElement;
  private readonly view: MatrixView;
  private readonly top = h("span", { class: "tokens top", "aria-hidden": "true" });
  private readonly side = h("span", { class: "tokens side", "aria-hidden": "true" });
  private said = "";

  constructor(title: string) {
    this.view = new MatrixView(title, "shares");
    const map = h("div", { class: "head" }, this.top, this.side, this.view.element);
    this.element = h("figure", {}, map, h("figcaption", {}, title));
  }

  show(matrix: Matrix, tokens: readonly string[]): void {
    const text = tokens.join("");
    if (text !== this.said) {
      this.top.replaceChildren(...letters(tokens));
      this.side.replaceChildren(...letters(tokens));
      this.said = text;
    }
    const from = tokens.indexOf("=");
    const looks = tokens
      .slice(from)
      .map((_, i) => `place ${from + i + 1} at ${strongest(matrix, from + i) + 1}`);
    this.view.show(matrix, `mostly, ${looks.join(", ")}`);
  }

  draw(): void {
    this.view.draw();
  }
}

export class AttentionView {
  readonly element = h("div", { class: "heads" });
  private heads: Head[] = [];

  show(attention: readonly (readonly Matrix[])[], tokens: readonly string[]): void {
    const all = attention.flat();
    if (this.heads.length !== all.length) {
      this.heads = attention.flatMap((heads, block) =>
        heads.map((_, head) => new Head(`block ${block + 1}, head ${head + 1}`)),
      );
      this.element.replaceChildren(...this.heads.map((head) => head.element));
    }
    for (const [i, matrix] of all.entries()) this.heads[i]?.show(matrix, tokens);
  }

  draw(): void {
    for (const head of this.heads) head.draw();
  }
}
