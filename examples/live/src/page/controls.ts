/** @file Play, pause, one step, speed, rate, and the way back in time. */
import type { Command } from "../worker/messages.ts";
import { button, choice, h } from "./dom.ts";

const speeds = [
  [1, "1 step a second"],
  [10, "10 steps a second"],
  [60, "60 steps a second"],
  [Number.POSITIVE_INFINITY, "as fast as it can"],
] as const;
const rates = [0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2].map((rate) => [rate, String(rate)] as const);

export interface Start {
  readonly speed: number;
  readonly rate: number;
}

/** The controls of one training. */
export class Controls {
  readonly element: HTMLElement;
  private readonly tell: (command: Command) => void;
  private readonly toggle = button("Play", () => this.tell({ kind: this.isPlaying ? "pause" : "play" }));
  private readonly slider = h("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "Moment" });
  private readonly place = h("output", { class: "moment" }, "starting");
  private readonly status = h("span", { class: "status", role: "status" });
  private readonly backend = h("span", { class: "backend" });
  private isPlaying = false;
  private moments: readonly number[] = [0];

  constructor(tell: (command: Command) => void, start: Start, ...further: HTMLElement[]) {
    this.tell = tell;
    this.toggle.classList.add("primary");
    this.slider.addEventListener("input", () => {
      const step = this.moments[Number(this.slider.value)];
      if (step !== undefined) tell({ kind: "goTo", step });
    });
    this.element = h(
      "div",
      { class: "bar", role: "group", "aria-label": "Training" },
      this.toggle,
      button("Step", () => tell({ kind: "step" })),
      h("span", { class: "time" }, this.slider, this.place),
      choice("Speed", speeds, start.speed, (perSecond) => tell({ kind: "speed", perSecond })),
      choice("Learning rate", rates, start.rate, (rate) => tell({ kind: "learningRate", rate })),
      ...further,
      this.backend,
      this.status,
    );
  }

  setPlaying(isPlaying: boolean, step: number): void {
    this.isPlaying = isPlaying;
    this.toggle.textContent = isPlaying ? "Pause" : "Play";
    this.status.textContent = isPlaying ? "" : `paused at step ${step}`;
  }

  /** @param moments - the steps to which one can return */
  setMoments(moments: readonly number[], step: number): void {
    this.moments = moments;
    this.slider.max = String(moments.length - 1);
    this.slider.value = String(Math.max(0, moments.indexOf(step)));
    this.slider.setAttribute("aria-valuetext", `step ${step}`);
  }

  setBackend(name: string): void {
    this.backend.textContent = `on ${name}`;
  }

  /** Where training is, in words. */
  setPlace(text: string): void {
    this.place.textContent = text;
  }

  say(text: string): void {
    this.status.textContent = text;
  }
}
