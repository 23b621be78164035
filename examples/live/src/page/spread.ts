/** @file What one hundred passes make of an image: a row of points for each class. */
import type { Answer } from "../models/digits.ts";
import { themed } from "./colors.ts";
import { figure, h } from "./dom.ts";

const ROW = 30;
const LEFT = 26;
const RIGHT = 58;
const WIDTH = 460;
const BOTTOM = 20;
/** The most a classifier of eight classes can be unsure, in nats. */
const MOST = Math.log(8);

export class Spread {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { class: "spread", role: "img", "aria-label": "No passes yet" });
  private readonly verdict = h("p", { class: "verdict" });
  private readonly bar = h("div", { class: "uncertainty", "aria-hidden": "true" });
  private readonly numbers = h("dl", { class: "numbers" });
  private shown: Answer | undefined;

  constructor() {
    this.element = h("div", {}, this.verdict, this.canvas, this.bar, this.numbers);
  }

  show(answer: Answer): void {
    this.shown = answer;
    const { mean, total, aleatoric, epistemic } = answer;
    const best = mean.indexOf(Math.max(...mean));
    const share = Math.round(100 * (mean[best] as number));
    this.verdict.replaceChildren("Looks like ", h("strong", {}, String(best)), `, with ${share} %`);
    this.canvas.setAttribute(
      "aria-label",
      `Mean probability of each class in 100 passes: ${[...mean].map((p, c) => `${c}: ${figure(p)}`).join(", ")}`,
    );
    const part = (name: string, value: number): HTMLElement => {
      const element = h("i", { class: name });
      element.style.width = `${(100 * value) / MOST}%`;
      return element;
    };
    this.bar.replaceChildren(part("aleatoric", aleatoric), part("epistemic", epistemic));
    const facts: readonly (readonly [string, string, number])[] = [
      ["total", "TU", total],
      ["aleatoric", "AU, noise", aleatoric],
      ["epistemic", "EU, doubt", epistemic],
    ];
    this.numbers.replaceChildren(
      ...facts.map(([name, text, value]) =>
        h("div", {}, h("dt", { class: name }, text), h("dd", {}, `${value.toFixed(3)} nats`)),
      ),
    );
    this.draw();
  }

  draw(): void {
    const context = this.canvas.getContext("2d");
    if (!this.shown || !context) return;
    const { mean, passes } = this.shown;
    const classes = mean.length;
    const ratio = Math.max(1, window.devicePixelRatio || 1);
    const height = classes * ROW + BOTTOM;
    this.canvas.width = WIDTH * ratio;
    this.canvas.height = height * ratio;
    context.scale(ratio, ratio);
    const [ink, quiet, line, blue] = ["--ink", "--ink-2", "--line", "--blue"].map(themed) as [
      string,
      string,
      string,
      string,
    ];
    const x = (p: number): number => LEFT + p * (WIDTH - LEFT - RIGHT);
    const best = mean.indexOf(Math.max(...mean));
    context.textBaseline = "middle";
    for (let c = 0; c < classes; c++) {
      const y = (c + 0.5) * ROW;
      context.fillStyle = line;
      context.fillRect(x(0), y, x(1) - x(0), 1);
      context.fillStyle = blue;
      context.globalAlpha = 0.35;
      for (let pass = 0; pass * classes < passes.length; pass++) {
        context.beginPath();
        // Equal points lie side by side, so that their number is seen.
        const place = y + ((pass * 7) % 15) - 7;
        context.arc(x(passes[pass * classes + c] as number), place, 2.4, 0, 7);
        context.fill();
      }
      context.globalAlpha = 1;
      context.fillStyle = ink;
      context.fillRect(x(mean[c] as number) - 1, y - 11, 2, 22);
      context.font = `${c === best ? "600 " : ""}14px system-ui, sans-serif`;
      context.textAlign = "left";
      context.fillStyle = c === best ? ink : quiet;
      context.fillText(String(c), 4, y);
      context.textAlign = "right";
      context.fillText((mean[c] as number).toFixed(3), WIDTH - 4, y);
    }
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = quiet;
    context.textAlign = "center";
    for (const p of [0, 0.5, 1]) context.fillText(String(p), x(p), classes * ROW + BOTTOM / 2);
  }
}
