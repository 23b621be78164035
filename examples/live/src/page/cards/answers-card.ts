/** @file What the decoder writes, and a question of the reader's own. */
import type { Exercise, SequencesSight } from "../../models/sequences.ts";
import { LENGTH } from "../../models/tasks.ts";
import type { SequencesCommand } from "../../worker/messages.ts";
import { card, h } from "../dom.ts";
import type { Card } from "./card.ts";

export class AnswersCard implements Card<SequencesSight> {
  readonly element: HTMLElement;
  private readonly tell: (command: SequencesCommand) => void;
  private readonly rows = h("tbody");
  private readonly question = h("input", {
    type: "text",
    inputmode: "numeric",
    value: "314159",
    maxlength: LENGTH,
    size: LENGTH + 2,
    autocomplete: "off",
  });
  private sight: SequencesSight | undefined;

  constructor(tell: (command: SequencesCommand) => void) {
    this.tell = tell;
    this.question.addEventListener("input", () => this.ask());
    const head = h("tr", {}, ...["question", "answer"].map((title) => h("th", { scope: "col" }, title)));
    this.element = card(
      "Answers",
      "The model writes one digit after the other. Wrong digits are struck out, with the right one above.",
      h("label", { class: "field" }, `Your question, ${LENGTH} digits`, this.question),
      h("table", {}, h("thead", {}, head), this.rows),
    );
  }

  see(sight: SequencesSight): void {
    this.sight = sight;
  }

  paint(): void {
    if (this.sight) this.rows.replaceChildren(...this.sight.exercises.map(row));
  }

  redraw(): void {
    // Style sheets colour it.
  }

  private ask(): void {
    const isWhole = new RegExp(`^\\d{${LENGTH}}$`).test(this.question.value);
    this.question.setAttribute("aria-invalid", String(!isWhole));
    if (isWhole) this.tell({ kind: "ask", question: Array.from(this.question.value, Number) });
  }
}

function row({ question, answer, right }: Exercise): HTMLElement {
  const digits = answer.map((digit, i) =>
    digit === right[i]
      ? h("span", {}, String(digit))
      : h("span", { class: "wrong" }, h("del", {}, String(digit)), h("ins", {}, String(right[i]))),
  );
  return h("tr", {}, h("td", {}, question.join(" ")), h("td", {}, ...digits));
}
