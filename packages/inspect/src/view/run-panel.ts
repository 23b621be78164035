/** @file The tab of the run: recorded numbers over the steps, and the sizes of all weights and gradients. */
import { Chart, type Line } from "./chart.ts";
import { choice, h } from "./dom.ts";
import { pathText } from "./format.ts";
import type { Panel } from "./panel.ts";
import type { Change, Store } from "./store.ts";
import type { SeriesData } from "../format/report-data.ts";

const colors = ["--blue", "--orange", "--green", "--purple", "--red", "--teal"] as const;
const columns = {
  rms: "size (root mean square)",
  mean: "mean",
  std: "standard deviation",
  max: "largest value",
  min: "least value",
  zeros: "share of zeros",
} as const;

type Column = keyof typeof columns;

export class RunPanel implements Panel {
  private readonly store: Store;
  readonly title: string = "Run";
  readonly element: HTMLElement = h("div", { class: "run" });
  private readonly charts = new Map<string, Chart>();
  private readonly scalars = h("div", { class: "charts" });
  private readonly groups = h("div", { class: "charts" });
  private column: Column = "rms";

  constructor(store: Store) {
    this.store = store;
    this.element.append(
      this.scalars,
      h(
        "div",
        { class: "controls" },
        choice("Weights, gradients and activations by", Object.entries(columns), this.column, (value) => {
          this.column = value as Column;
          this.clear(this.groups);
          this.refresh("data");
        }),
      ),
      this.groups,
    );
    this.refresh("data");
  }

  refresh(change: Change): void {
    if (change === "data") this.show();
    for (const chart of this.charts.values()) {
      if (change === "theme") chart.redraw();
      chart.mark(this.store.moment.at);
    }
  }

  private clear(place: HTMLElement): void {
    for (const [name, chart] of this.charts) {
      if (!place.contains(chart.element)) continue;
      chart.destroy();
      this.charts.delete(name);
    }
    place.replaceChildren();
  }

  private show(): void {
    const { history } = this.store.data;
    if (!history) return;
    const { steps, scalars, series } = history;
    Object.entries(scalars).forEach(([name, values], i) => {
      this.chart(this.scalars, name, false, steps, [
        { label: name, color: colors[i % colors.length] as string, values: [...values] },
      ]);
    });
    const kinds = [
      ["Weights", series.filter(({ where }) => where === "parameters")],
      ["Gradients of weights", series.filter(({ where }) => where === "gradients")],
      [
        "Activations",
        series.filter(({ where, of }) => !["parameters", "gradients"].includes(where) && of === "value"),
      ],
      [
        "Gradients of activations",
        series.filter(({ where, of }) => !["parameters", "gradients"].includes(where) && of === "gradient"),
      ],
    ] as const;
    for (const [name, all] of kinds)
      for (let from = 0; from < all.length; from += colors.length) {
        const part = all.slice(from, from + colors.length);
        const title =
          all.length > colors.length ? `${name} ${from + 1}–${from + part.length} of ${all.length}` : name;
        this.chart(
          this.groups,
          title,
          this.column === "rms" || this.column === "std",
          steps,
          part.map((each, i) => this.line(each, i)),
        );
      }
  }

  private line(series: SeriesData, i: number): Line {
    const name = `${pathText(series.path)}${series.call > 0 ? `, call ${series.call + 1}` : ""}`;
    return { label: name, color: colors[i % colors.length] as string, values: [...series[this.column]] };
  }

  private chart(
    place: HTMLElement,
    label: string,
    isLog: boolean,
    steps: readonly number[],
    lines: readonly Line[],
  ): void {
    const known = this.charts.get(label);
    if (known) {
      known.show(steps, lines);
      return;
    }
    const chart = new Chart(
      {
        label,
        isLog,
        nameOf: (step) => `step ${step}`,
        onPick: (index) => this.store.setMoment({ ...this.store.moment, at: index }),
      },
      steps,
      lines,
    );
    this.charts.set(label, chart);
    place.append(chart.element);
  }
}
