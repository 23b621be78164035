/** @file What both trainings have on the page: the worker, the controls, and the curve of the loss. */
import { Chart, type Line } from "@nnxjs/inspect/view";
import type { Command, News } from "../worker/messages.ts";
import { Controls, type Start } from "./controls.ts";
import { Curves } from "./curves.ts";
import { figure, h } from "./dom.ts";
import { Painter } from "./painter.ts";

/** Steps per second are taken over so many milliseconds. */
const WINDOW = 2000;

export abstract class Training<C extends { readonly kind: string }, Sight> {
  readonly element: HTMLElement = h("div", { class: "training" });
  protected readonly controls: Controls;
  protected readonly painter = new Painter(() => this.paint());
  protected step = 0;
  private readonly worker: Worker;
  private readonly alert = h("p", { class: "alert", role: "alert" });
  private readonly losses = new Curves();
  private loss = Number.NaN;
  private readonly lossChart: Chart;
  private times: { readonly at: number; readonly step: number }[] = [];
  private isPlaying = false;
  /** Whether it played before the reader went to the other training. */
  private wasPlaying = true;

  constructor(worker: Worker, start: Start, ...further: HTMLElement[]) {
    this.worker = worker;
    this.controls = new Controls((command) => this.tell(command), start, ...further);
    this.lossChart = new Chart({ label: "Loss, in nats", isLog: true, height: 180 }, [], this.lossLines());
    worker.addEventListener("message", ({ data }: MessageEvent<News<Sight>>) => this.onNews(data));
    this.tell({ kind: "speed", perSecond: start.speed });
    this.tell({ kind: "learningRate", rate: start.rate });
  }

  /** What is special about this training. */
  protected abstract see(sight: Sight, step: number): void;
  protected abstract branch(step: number): void;
  protected abstract paintMore(): void;
  /** After the colours changed. */
  protected abstract redrawMore(): void;

  protected tell(command: Command | C): void {
    this.worker.postMessage(command);
  }

  /** @param cards - what is below the controls, beside the loss */
  protected lay(...cards: readonly HTMLElement[]): void {
    this.element.append(
      this.controls.element,
      this.alert,
      h("div", { class: "cards" }, this.lossChart.element, ...cards),
    );
  }

  /** The reader comes, or goes to the other training. */
  setShown(isShown: boolean): void {
    if (isShown && this.wasPlaying) this.tell({ kind: "play" });
    if (!isShown) {
      this.wasPlaying = this.isPlaying;
      this.tell({ kind: "pause" });
    }
    if (isShown) this.painter.request();
  }

  redraw(): void {
    this.lossChart.redraw();
    this.redrawMore();
  }

  protected onNews(news: News<Sight>): void {
    switch (news.kind) {
      case "ready":
        this.controls.setBackend(news.backend);
        this.element.dataset.backend = news.backend;
        break;
      case "losses":
        for (const [i, loss] of news.losses.entries()) this.losses.push(news.from + i + 1, [loss]);
        this.loss = news.losses.at(-1) ?? this.loss;
        this.moveTo(news.from + news.losses.length);
        break;
      case "sight":
        this.see(news.sight, news.step);
        this.moveTo(news.step);
        this.controls.setMoments(news.moments, news.step);
        this.element.dataset.memory = JSON.stringify({ ...news.memory, moments: news.moments.length });
        break;
      case "playing":
        this.isPlaying = news.isPlaying;
        this.times = [];
        this.controls.setPlaying(news.isPlaying, news.step);
        this.element.dataset.playing = String(news.isPlaying);
        break;
      case "branched":
        this.losses.branch(news.step);
        this.branch(news.step);
        break;
      case "failed":
        this.alert.textContent = news.message;
        break;
    }
    this.painter.request();
  }

  private moveTo(step: number): void {
    this.step = step;
    this.element.dataset.step = String(step);
    const at = performance.now();
    this.times.push({ at, step });
    this.times = this.times.filter((each) => each.at > at - WINDOW);
  }

  private speed(): string {
    const [first, last] = [this.times[0], this.times.at(-1)];
    if (!this.isPlaying || !first || !last || last.at - first.at < WINDOW / 2) return "";
    return ` · ${Math.round((1000 * (last.step - first.step)) / (last.at - first.at))} a second`;
  }

  private paint(): void {
    if (this.element.closest("[hidden]")) return;
    const { losses, step } = this;
    this.lossChart.show(losses.steps, this.lossLines());
    this.lossChart.mark(this.isPlaying ? undefined : losses.indexOf(step));
    const loss = Number.isNaN(this.loss) ? "" : ` · loss ${figure(this.loss)}`;
    this.controls.setPlace(`step ${step}${loss}${this.speed()}`);
    this.paintMore();
  }

  private lossLines(): readonly Line[] {
    return [
      { label: "now", color: "--blue", values: this.losses.now(0) },
      { label: "before you went back", color: "--ink-2", values: this.losses.before(0), isDashed: true },
    ];
  }
}
