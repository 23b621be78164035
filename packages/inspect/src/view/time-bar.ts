/** @file Chooses the step that the page shows, and one to subtract from it. */
import { button, h } from "./dom.ts";
import { figure } from "./format.ts";
import type { Change, Store } from "./store.ts";

const FRAME_MS = 80;

export class TimeBar {
  private readonly store: Store;
  readonly element: HTMLElement;
  private readonly slider = h("input", { type: "range", min: 0, "aria-label": "Step" });
  private readonly text = h("output", {});
  private readonly minus = h("input", {
    type: "range",
    min: 0,
    value: 0,
    "aria-label": "Step to subtract",
    disabled: true,
  });
  private readonly check = h("input", { type: "checkbox" });
  private readonly player = button("Play", () => this.play(), { "aria-pressed": "false" });
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(store: Store) {
    this.store = store;
    this.slider.addEventListener("input", () => this.change());
    this.minus.addEventListener("input", () => this.change());
    this.check.addEventListener("change", () => this.change());
    this.element = h(
      "div",
      { class: "time", role: "group", "aria-label": "Time" },
      this.player,
      this.slider,
      this.text,
      h("label", { class: "field" }, this.check, "difference to step"),
      this.minus,
    );
    this.refresh("data");
  }

  refresh(change: Change): void {
    const { store } = this;
    const { history, tensors } = store.data;
    this.element.hidden = store.steps === 0;
    if (!history) return;
    const hasNow = tensors.length > 0;
    if (change === "data") {
      this.slider.max = String(store.steps - (hasNow ? 0 : 1));
      this.minus.max = String(store.steps - 1);
    }
    const { at, minus } = store.moment;
    this.slider.value = String(at ?? store.steps);
    if (minus !== undefined) this.minus.value = String(minus);
    this.check.checked = minus !== undefined;
    this.minus.disabled = minus === undefined;
    const loss = at === undefined ? undefined : history.scalars.loss?.[at];
    const name = at === undefined ? "now" : `step ${history.steps[at]}`;
    this.text.textContent = [
      minus === undefined
        ? name
        : `${at === undefined ? `step ${history.steps.at(-1)}` : name} − step ${history.steps[minus]}`,
      ...(loss === undefined ? [] : [`loss ${figure(loss)}`]),
    ].join(", ");
    this.slider.setAttribute("aria-valuetext", name);
    this.minus.setAttribute("aria-valuetext", `step ${history.steps[Number(this.minus.value)]}`);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.player.textContent = "Play";
    this.player.setAttribute("aria-pressed", "false");
  }

  private change(): void {
    const at = Number(this.slider.value);
    this.store.setMoment({
      at: at >= this.store.steps ? undefined : at,
      minus: this.check.checked ? Number(this.minus.value) : undefined,
    });
  }

  private play(): void {
    if (this.timer !== undefined) {
      this.stop();
      return;
    }
    this.player.textContent = "Pause";
    this.player.setAttribute("aria-pressed", "true");
    let at = this.store.moment.at ?? -1;
    if (at >= this.store.steps - 1) at = -1;
    this.timer = setInterval(() => {
      at++;
      this.store.setMoment({ ...this.store.moment, at });
      if (at >= this.store.steps - 1) this.stop();
    }, FRAME_MS);
  }
}
