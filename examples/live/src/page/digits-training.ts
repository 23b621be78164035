/** @file The digits: how unsure the model is, a pad to draw on, masks and gradients. */
import type { DigitsSight } from "../models/digits.ts";
import type { DigitsCommand, DigitsNews } from "../worker/messages.ts";
import type { Card } from "./cards/card.ts";
import { CurvesCard } from "./cards/curves-card.ts";
import { DrawingCard } from "./cards/drawing-card.ts";
import { WeightsCard } from "./cards/weights-card.ts";
import { button, choice, h } from "./dom.ts";
import { Training } from "./training.ts";

const start = { speed: 60, rate: 1e-3 } as const;
const shares = [0.05, 0.1, 0.25, 0.5, 0.75].map((share) => [share, `${100 * share} %`] as const);

export class DigitsTraining extends Training<DigitsCommand, DigitsSight> {
  private drawing: DrawingCard | undefined;
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
  }

  protected makers(): readonly (() => Card<DigitsSight>)[] {
    return [
      () =>
        new CurvesCard({
          label: "Doubt (EU), in nats",
          curves: [
            ["digits 0 to 7, held out", "--blue"],
            ["8 and 9, never seen", "--orange"],
          ],
          valuesOf: ({ known, unseen }) => [known.epistemic, unseen.epistemic],
        }),
      () => (this.drawing = new DrawingCard((command) => this.tell(command))),
      () => new WeightsCard(),
      () =>
        new CurvesCard({
          label: "Sizes of gradients (RMS)",
          isLog: true,
          isWide: true,
          curves: [
            ["input", "--blue"],
            ["hidden", "--orange"],
            ["output", "--green"],
          ],
          valuesOf: ({ gradientSizes }) => gradientSizes,
        }),
    ];
  }

  protected override onNews(news: DigitsNews): void {
    if (news.kind === "answer") {
      this.drawing?.hear(news.answer);
      this.painter.request(true);
    } else if (news.kind === "report") this.openReport(news.html);
    else super.onNews(news);
  }

  private openReport(html: string): void {
    const before = this.element.querySelector<HTMLAnchorElement>("a.report");
    // An open page keeps what it has loaded.
    if (before) URL.revokeObjectURL(before.href);
    const url = URL.createObjectURL(new Blob([html], { type: "text/html" }));
    const link = h(
      "a",
      { href: url, target: "_blank", class: "report" },
      `Open the report of step ${this.step}`,
    );
    before?.remove();
    this.reportButton.after(link);
    this.controls.say("");
    link.focus();
  }
}
