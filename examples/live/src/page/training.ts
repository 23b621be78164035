/** @file What both trainings have on the page: the worker, the controls, and the cards. */
import type { Command, News } from "../worker/messages.ts";
import type { Card } from "./cards/card.ts";
import { CurvesCard } from "./cards/curves-card.ts";
import { Controls, type Start } from "./controls.ts";
import { figure, h } from "./dom.ts";
import { nextFrame, Painter } from "./painter.ts";

/** Steps per second are taken over so many milliseconds. */
const WINDOW = 2000;

export abstract class Training<C extends { readonly kind: string }, Sight> {
  readonly element: HTMLElement = h("div", { class: "training" });
  protected readonly controls: Controls;
  protected readonly painter = new Painter(() => this.parts());
  protected step = 0;
  private readonly worker: Worker;
  private readonly alert = h("p", { class: "alert", role: "alert" });
  private readonly place = h("div", { class: "cards" });
  private losses: CurvesCard<Sight> | undefined;
  private cards: readonly Card<Sight>[] = [];
  private loss = Number.NaN;
  private times: { readonly at: number; readonly step: number }[] = [];
  private isPlaying = false;
  private isShown = false;
  /** Whether it played before the reader went to the other training. */
  private wasPlaying = true;
  /** Until then the cards are being made. */
  private readonly whenMade: Promise<void>;

  constructor(worker: Worker, start: Start, ...further: HTMLElement[]) {
    this.worker = worker;
    this.controls = new Controls((command) => this.tell(command), start, ...further);
    this.element.append(this.controls.element, this.alert, this.place);
    this.whenMade = this.make();
    worker.addEventListener("message", async ({ data }: MessageEvent<News<Sight>>) => {
      await this.whenMade;
      this.onNews(data);
    });
    this.tell({ kind: "speed", perSecond: start.speed });
    this.tell({ kind: "learningRate", rate: start.rate });
  }

  /** What stands beside the loss. */
  protected abstract makers(): readonly (() => Card<Sight>)[];

  protected tell(command: Command | C): void {
    this.worker.postMessage(command);
  }

  /** The reader comes, or goes to the other training. */
  async setShown(isShown: boolean): Promise<void> {
    this.isShown = isShown;
    await this.whenMade;
    if (isShown !== this.isShown) return;
    if (!isShown) {
      this.wasPlaying = this.isPlaying;
      this.tell({ kind: "pause" });
      return;
    }
    if (this.wasPlaying) this.tell({ kind: "play" });
    this.painter.request();
  }

  redraw(): void {
    for (const card of this.cards) card.redraw();
  }

  protected onNews(news: News<Sight>): void {
    switch (news.kind) {
      case "ready":
        this.controls.setBackend(news.backend);
        this.element.dataset.backend = news.backend;
        break;
      case "losses":
        for (const [i, loss] of news.losses.entries()) this.losses?.push(news.from + i + 1, [loss]);
        this.loss = news.losses.at(-1) ?? this.loss;
        this.moveTo(news.from + news.losses.length);
        break;
      case "sight":
        for (const card of this.cards) card.see(news.sight, news.step);
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
        for (const card of this.cards) card.branch?.(news.step);
        break;
      case "failed":
        this.alert.textContent = news.message;
        break;
    }
    this.painter.request(!this.isPlaying);
  }

  /** Makes the cards, one in each frame. */
  private async make(): Promise<void> {
    const lossCard = (): Card<Sight> =>
      (this.losses = new CurvesCard<Sight>({
        label: "Loss, in nats",
        isLog: true,
        curves: [["now", "--blue"]],
        past: ["before you went back", "--ink-2"],
      }));
    // A frame first: the makers need what the constructors of derived classes set.
    await nextFrame();
    for (const maker of [lossCard, ...this.makers()]) {
      const card = maker();
      this.place.append(card.element);
      this.cards = [...this.cards, card];
      await nextFrame();
    }
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

  private parts(): readonly (() => void)[] {
    if (this.element.closest("[hidden]")) return [];
    return [() => this.paintPlace(), ...this.cards.map((card) => () => card.paint())];
  }

  private paintPlace(): void {
    const { losses, step, loss } = this;
    if (losses) losses.marked = this.isPlaying ? undefined : step;
    const text = Number.isNaN(loss) ? "" : ` · loss ${figure(loss)}`;
    this.controls.setPlace(`step ${step}${text}${this.speed()}`);
  }
}
