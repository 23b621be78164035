/** @file The hidden layer of the digits model: its mask and its gradient. */
import type { DigitsSight } from "../../models/digits.ts";
import { h } from "../dom.ts";
import { MatrixView } from "../matrix-view.ts";
import type { Card } from "./card.ts";

const figureOf = (view: MatrixView, text: string): HTMLElement =>
  h("figure", {}, view.element, h("figcaption", {}, text));

export class WeightsCard implements Card<DigitsSight> {
  readonly element: HTMLElement;
  private readonly kept = new MatrixView("Weights of the hidden layer, dropped ones blank", "diverging");
  private readonly gradient = new MatrixView("Gradient of the hidden layer's weights", "diverging");
  private readonly accuracy = h("output", { class: "headline" });
  private sight: DigitsSight | undefined;

  constructor() {
    this.element = h(
      "section",
      { class: "card weights" },
      h("h2", {}, "The hidden layer"),
      this.accuracy,
      h(
        "div",
        { class: "pair" },
        figureOf(this.kept, "weights in the next step; those that DropConnect drops are blank"),
        figureOf(this.gradient, "their gradient; a dropped weight has none"),
      ),
      h("p", { class: "legend" }, h("span", {}, "below 0"), h("i", {}), h("span", {}, "above 0")),
    );
  }

  see(sight: DigitsSight): void {
    this.sight = sight;
  }

  paint(): void {
    const { sight } = this;
    if (!sight) return;
    this.kept.show(sight.kept);
    this.gradient.show(sight.gradient);
    this.accuracy.textContent = `${(100 * sight.accuracy).toFixed(0)} % of known digits right`;
  }

  redraw(): void {
    this.kept.draw();
    this.gradient.draw();
  }
}
