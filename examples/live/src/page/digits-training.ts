/** @file The digits: how unsure the model is, a pad to draw on, masks and gradients. */
import { Chart, type Line } from "@nnxjs/inspect/view";
import type { DigitsSight } from "../models/digits.ts";
import type { DigitsCommand, DigitsNews } from "../worker/messages.ts";
import { Curves } from "./curves.ts";
import { button, choice, h } from "./dom.ts";
import { DrawingPad } from "./drawing-pad.ts";
import { MatrixView } from "./matrix-view.ts";
import { Spread } from "./spread.ts";
import { Training } from "./training.ts";

const start = { speed: 60, rate: 1e-3 } as const;
const shares = [0.05, 0.1, 0.25, 0.5, 0.75].map((share) => [share, `${100 * share} %`] as const);
const layers = [
  ["input", "--blue"],
  ["hidden", "--orange"],
  ["output", "--green"],
] as const;

export class DigitsTraining extends Training<DigitsCommand, DigitsSight> {
  private readonly doubts = new Curves();
  private readonly doubtChart: Chart;
  private readonly gradients = new Curves();
  private readonly gradientChart: Chart;
  private readonly pad = new DrawingPad((pixels) => this.tell({ kind: "draw", pixels }));
  private readonly spread = new Spread();
  private readonly kept = new MatrixView("Weights of the hidden layer, dropped ones blank", "diverging");
  private readonly gradient = new MatrixView("Gradient of the hidden layer's weights", "diverging");
  private readonly accuracy = h("output", { class: "headline" });
  private readonly shown = { known: 0, unseen: 0 };
  private sight: DigitsSight | undefined;
  private answer: DigitsSight["answer"] | undefined;
  private readonly reportButton = button("Report of this moment", () => {
    this.controls.say("gathering the report");
    this.tell({ kind: "report" });
  });

  constructor() {
    super(
      new Worker(new URL("../worker/digits.worker.ts", import.meta.url), { type: "module" }),
      start,
      choice("Weights dropped", shares, 0.25, (rate) => this.tell({ kind: "dropRate", rate })),
    );
    this.controls.element.append(this.reportButton);
    this.doubtChart = new Chart({ label: "Doubt (EU), in nats", height: 180 }, [], this.doubtLines());
    this.gradientChart = new Chart(
      { label: "Sizes of gradients (RMS)", isLog: true, height: 180 },
      [],
      this.gradientLines(),
    );
    this.gradientChart.element.classList.add("wide");
    this.lay(this.doubtChart.element, this.drawCard(), this.weightsCard(), this.gradientChart.element);
  }

  protected override onNews(news: DigitsNews): void {
    if (news.kind === "answer") {
      this.answer = news.answer;
      this.painter.request();
    } else if (news.kind === "report") this.openReport(news.html);
    else super.onNews(news);
  }

  protected see(sight: DigitsSight, step: number): void {
    this.sight = sight;
    this.answer = sight.answer;
    this.doubts.push(step, [sight.known.epistemic, sight.unseen.epistemic]);
    this.gradients.push(step, sight.gradientSizes);
  }

  protected branch(step: number): void {
    this.doubts.branch(step);
    this.gradients.branch(step);
  }

  protected paintMore(): void {
    const { sight, answer } = this;
    this.doubtChart.show(this.doubts.steps, this.doubtLines());
    this.gradientChart.show(this.gradients.steps, this.gradientLines());
    if (sight) {
      this.kept.show(sight.kept);
      this.gradient.show(sight.gradient);
      this.accuracy.textContent = `${(100 * sight.accuracy).toFixed(0)} % of known digits right`;
    }
    if (answer) {
      this.pad.show(answer.pixels);
      this.spread.show(answer);
    }
  }

  protected redrawMore(): void {
    this.doubtChart.redraw();
    this.gradientChart.redraw();
    this.kept.draw();
    this.gradient.draw();
    this.pad.draw();
    this.spread.draw();
  }

  private drawCard(): HTMLElement {
    const next = (of: "known" | "unseen") => () => this.tell({ kind: "image", of, index: this.shown[of]++ });
    return h(
      "section",
      { class: "card" },
      h("h2", {}, "Draw a digit"),
      h(
        "p",
        { class: "note" },
        "Each point is one of 100 passes, each with other weights dropped. Passes that disagree are doubt: the model has not seen the like. It knows 0 to 7 only.",
      ),
      h(
        "div",
        { class: "drawing" },
        h(
          "div",
          {},
          this.pad.element,
          h(
            "div",
            { class: "buttons" },
            button("Clear", () => this.pad.clear()),
            button("A known digit", next("known")),
            button("An 8 or 9", next("unseen")),
          ),
        ),
        this.spread.element,
      ),
    );
  }

  private weightsCard(): HTMLElement {
    return h(
      "section",
      { class: "card weights" },
      h("h2", {}, "The hidden layer"),
      this.accuracy,
      h(
        "div",
        { class: "pair" },
        h(
          "figure",
          {},
          this.kept.element,
          h("figcaption", {}, "weights in the next step; those that DropConnect drops are blank"),
        ),
        h(
          "figure",
          {},
          this.gradient.element,
          h("figcaption", {}, "their gradient; a dropped weight has none"),
        ),
      ),
      h("p", { class: "legend" }, h("span", {}, "below 0"), h("i", {}), h("span", {}, "above 0")),
    );
  }

  private doubtLines(): readonly Line[] {
    return [
      { label: "digits 0 to 7, held out", color: "--blue", values: this.doubts.now(0) },
      { label: "8 and 9, never seen", color: "--orange", values: this.doubts.now(1) },
    ];
  }

  private gradientLines(): readonly Line[] {
    return layers.map(([label, color], i) => ({ label, color, values: this.gradients.now(i) }));
  }

  private openReport(html: string): void {
    const url = URL.createObjectURL(new Blob([html], { type: "text/html" }));
    const link = h(
      "a",
      { href: url, target: "_blank", class: "report" },
      `Open the report of step ${this.step}`,
    );
    this.element.querySelector("a.report")?.remove();
    this.reportButton.after(link);
    this.controls.say("");
    link.focus();
  }
}
