/** @file At which places the decoder looks when it answers the reader's question. */
import type { SequencesSight } from "../../models/sequences.ts";
import { AttentionView } from "../attention-view.ts";
import { card } from "../dom.ts";
import type { Card } from "./card.ts";

export class AttentionCard implements Card<SequencesSight> {
  readonly element: HTMLElement;
  private readonly view = new AttentionView();
  private sight: SequencesSight | undefined;

  constructor() {
    this.element = card(
      "Attention",
      "Each row is a place of your question and its answer, and shows at which places it looks. From the equals sign on, a row decides the next digit of the answer.",
      this.view.element,
    );
  }

  see(sight: SequencesSight): void {
    this.sight = sight;
  }

  paint(): void {
    const own = this.sight?.exercises[0];
    if (!this.sight || !own) return;
    this.view.show(this.sight.attention, [...own.question, "=", ...own.answer.slice(0, -1)].map(String));
  }

  redraw(): void {
    this.view.draw();
  }
}
