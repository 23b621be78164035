/** @file The decoder: what share of its answers is right, what it writes, and what it attends to. */
import { Chart, type Line } from "@nnxjs/inspect/view";
import type { Exercise, SequencesSight } from "../models/sequences.ts";
import { LENGTH, type TaskName, tasks } from "../models/tasks.ts";
import type { SequencesCommand } from "../worker/messages.ts";
import { AttentionView } from "./attention-view.ts";
import { Curves } from "./curves.ts";
import { card, choice, h } from "./dom.ts";
import { Training } from "./training.ts";

const start = { speed: Number.POSITIVE_INFINITY, rate: 3e-3 } as const;
const names = Object.entries(tasks).map(([name, { title }]) => [name as TaskName, title] as const);

export class SequencesTraining extends Training<SequencesCommand, SequencesSight> {
  private readonly shares = new Curves();
  private readonly shareChart: Chart;
  private readonly attention = new AttentionView();
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

  constructor() {
    super(
      new Worker(new URL("../worker/sequences.worker.ts", import.meta.url), { type: "module" }),
      start,
      choice("Task", names, "reverse", (task) => this.tell({ kind: "task", task })),
    );
    this.shareChart = new Chart({ label: "Right, of 32 questions", height: 180 }, [], this.shareLines());
    this.question.addEventListener("input", () => this.ask());
    this.lay(
      this.shareChart.element,
      card(
        "Answers",
        "The model writes one digit after the other. Wrong digits are struck out, with the right one above.",
        h("label", { class: "field" }, `Your question, ${LENGTH} digits`, this.question),
        h(
          "table",
          {},
          h(
            "thead",
            {},
            h("tr", {}, h("th", { scope: "col" }, "question"), h("th", { scope: "col" }, "answer")),
          ),
          this.rows,
        ),
      ),
      h(
        "section",
        { class: "card" },
        h("h2", {}, "Attention"),
        h(
          "p",
          { class: "note" },
          "Each row is a place of your question and its answer, and shows at which places it looks. From the equals sign on, a row decides the next digit of the answer.",
        ),
        this.attention.element,
      ),
    );
  }

  protected see(sight: SequencesSight, step: number): void {
    this.sight = sight;
    this.shares.push(step, [sight.digits, sight.answers]);
  }

  protected branch(step: number): void {
    this.shares.branch(step);
  }

  protected paintMore(): void {
    this.shareChart.show(this.shares.steps, this.shareLines());
    const { sight } = this;
    if (!sight) return;
    this.rows.replaceChildren(...sight.exercises.map(row));
    const [own] = sight.exercises;
    if (own)
      this.attention.show(sight.attention, [...own.question, "=", ...own.answer.slice(0, -1)].map(String));
  }

  protected redrawMore(): void {
    this.shareChart.redraw();
    this.attention.draw();
  }

  private ask(): void {
    const isWhole = new RegExp(`^\\d{${LENGTH}}$`).test(this.question.value);
    this.question.setAttribute("aria-invalid", String(!isWhole));
    if (isWhole) this.tell({ kind: "ask", question: Array.from(this.question.value, Number) });
  }

  private shareLines(): readonly Line[] {
    return [
      { label: "digits", color: "--blue", values: this.shares.now(0) },
      { label: "whole answers", color: "--orange", values: this.shares.now(1) },
    ];
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
