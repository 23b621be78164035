/** @file A pad to draw on, and what one hundred passes make of the drawing. */
import type { Answer, DigitsSight } from "../../models/digits.ts";
import type { DigitsCommand } from "../../worker/messages.ts";
import { button, card, h } from "../dom.ts";
import { DrawingPad } from "../drawing-pad.ts";
import { Spread } from "../spread.ts";
import type { Card } from "./card.ts";

export class DrawingCard implements Card<DigitsSight> {
  readonly element: HTMLElement;
  private readonly pad: DrawingPad;
  private readonly spread = new Spread();
  private readonly shown = { known: 0, unseen: 0 };
  private answer: Answer | undefined;

  constructor(tell: (command: DigitsCommand) => void) {
    this.pad = new DrawingPad((pixels) => tell({ kind: "draw", pixels }));
    const next = (of: "known" | "unseen") => () => tell({ kind: "image", of, index: this.shown[of]++ });
    const buttons = h(
      "div",
      { class: "buttons" },
      button("Clear", () => this.pad.clear()),
      button("A known digit", next("known")),
      button("An 8 or 9", next("unseen")),
    );
    this.element = card(
      "Draw a digit",
      "Each point is one of 100 passes, each with other weights dropped. Passes that disagree are doubt: the model has not seen the like. It knows 0 to 7 only.",
      h("div", { class: "drawing" }, h("div", {}, this.pad.element, buttons), this.spread.element),
    );
  }

  see(sight: DigitsSight): void {
    this.answer = sight.answer;
  }

  hear(answer: Answer): void {
    this.answer = answer;
  }

  paint(): void {
    if (!this.answer) return;
    this.pad.show(this.answer.pixels);
    this.spread.show(this.answer);
  }

  redraw(): void {
    this.pad.draw();
    this.spread.draw();
  }
}
