/** @file The tab of predictions: how far the passes of a stochastic model spread, and why. */
import type { PredictionData } from "../format/report-data.ts";
import { choice, h, svg } from "./dom.ts";
import { figure, plural } from "./format.ts";
import { HeatMap } from "./heat-map.ts";
import { planeOf, usualRoles } from "./layout.ts";
import type { Panel } from "./panel.ts";
import type { Store } from "./store.ts";

const SIZE = { width: 520, left: 90, row: 22 };
const orders = {
  none: "as given",
  epistemic: "most epistemic first",
  aleatoric: "most aleatoric first",
  total: "most uncertain first",
} as const;
type Order = keyof typeof orders;

export class PredictionsPanel implements Panel {
  private readonly store: Store;
  readonly title: string = "Predictions";
  readonly element: HTMLElement = h("div", { class: "predictions" });
  private readonly list = h("div", { role: "listbox", "aria-label": "Rows", class: "rows", tabindex: 0 });
  private readonly details = h("div", { class: "details" });
  private order: Order = "epistemic";
  private sorted: number[] = [];
  private at = 0;

  constructor(store: Store) {
    this.store = store;
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    this.list.addEventListener("click", (event) => {
      const option = (event.target as HTMLElement).closest<HTMLElement>('[role="option"]');
      if (option) this.select(Number(option.dataset.place));
    });
    this.element.append(
      h(
        "p",
        {},
        "Total uncertainty (TU) is the entropy of the mean prediction, in nats. Its aleatoric part (AU) is in each pass; its epistemic part (EU) is how much the passes disagree.",
      ),
      h(
        "div",
        { class: "controls" },
        choice("Order", Object.entries(orders), this.order, (value) => {
          this.order = value as Order;
          this.at = 0;
          this.refresh();
        }),
      ),
      h("div", { class: "split" }, this.list, this.details),
    );
    this.refresh();
  }

  private get data(): PredictionData {
    return this.store.data.predictions as PredictionData;
  }

  refresh(): void {
    const { shape, of } = this.data;
    const rows = [...Array(shape[1]).keys()];
    const by = this.order === "none" ? undefined : this.data[this.order];
    this.sorted = by ? rows.sort((a, b) => (by[b] as number) - (by[a] as number)) : rows;
    this.list.replaceChildren(...this.sorted.map((row, place) => this.option(row, place)));
    if (of > shape[1])
      this.list.append(
        h("p", { class: "note", role: "presentation" }, `The first ${shape[1]} of ${of} rows.`),
      );
    this.select(Math.min(this.at, this.sorted.length - 1));
  }

  private guess(row: number): number {
    const classes = this.data.shape[2];
    const mean = this.data.mean.subarray(row * classes, (row + 1) * classes);
    return mean.indexOf(Math.max(...mean));
  }

  private option(row: number, place: number): HTMLElement {
    const { labels, classes, total, aleatoric, epistemic } = this.data;
    const label = labels?.[row];
    const guess = this.guess(row);
    const isWrong = label !== undefined && label !== guess;
    const most = Math.max(...total, 1e-9);
    const part = (name: string, value: number): HTMLElement => {
      const bar = h("i", { class: name });
      bar.style.width = `${(100 * value) / most}%`;
      return bar;
    };
    return h(
      "div",
      {
        role: "option",
        id: `${this.id}-${place}`,
        "data-place": place,
        "aria-selected": "false",
        class: isWrong ? "wrong" : undefined,
      },
      h("span", { class: "name" }, `row ${row}`),
      h(
        "span",
        { class: "says" },
        `${isWrong ? "✗ " : ""}says ${classes[guess] ?? guess}${label === undefined ? "" : `, is ${classes[label] ?? label}`}`,
      ),
      h(
        "span",
        { class: "bars", "aria-hidden": "true" },
        part("au", aleatoric[row] as number),
        part("eu", epistemic[row] as number),
      ),
      h("span", { class: "facts" }, `EU ${figure(epistemic[row] as number)}`),
    );
  }

  private readonly id = `nnx-rows-${Math.random().toString(36).slice(2)}`;

  private select(place: number): void {
    this.at = place;
    for (const each of this.list.querySelectorAll('[role="option"]'))
      each.setAttribute("aria-selected", String(Number((each as HTMLElement).dataset.place) === place));
    this.list.setAttribute("aria-activedescendant", `${this.id}-${place}`);
    this.list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
    const row = this.sorted[place];
    if (row !== undefined) this.showRow(row);
  }

  private onKey(event: KeyboardEvent): void {
    const last = this.sorted.length - 1;
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: Math.min(last, this.at + 1),
      ArrowUp: Math.max(0, this.at - 1),
      Home: 0,
      End: last,
    };
    const to = targets[event.key];
    if (to === undefined) return;
    this.select(to);
    event.preventDefault();
  }

  private showRow(row: number): void {
    const { total, aleatoric, epistemic, inputs, shape } = this.data;
    const map = new HeatMap();
    if (inputs) {
      const size = inputs.cells.length / inputs.rows;
      const cells = inputs.cells.subarray(row * size, (row + 1) * size);
      const rest = inputs.shape.slice(1);
      const isSigned = cells.some((cell) => cell < 0);
      map.show(
        { ...inputs, shape: rest, block: inputs.block.slice(1), cells, rows: rest[0] ?? 1 },
        planeOf(rest, usualRoles(rest, true)),
        isSigned ? "diverging" : "sequential",
        `Input of row ${row}`,
      );
    }
    const facts = [
      ["TU", total],
      ["AU", aleatoric],
      ["EU", epistemic],
    ] as const;
    this.details.replaceChildren(
      h("h2", {}, `Row ${row}`),
      inputs ? map.element : "",
      h(
        "dl",
        { class: "numbers" },
        ...facts.map(([name, values]) =>
          h("div", {}, h("dt", {}, name), h("dd", {}, `${figure(values[row] as number)} nats`)),
        ),
      ),
      h("h3", {}, `Probability of each class in ${plural(shape[0], "pass")}`.replace("passs", "passes")),
      this.spread(row),
    );
  }

  /** One line for each class: a point for each pass, and the mean. */
  private spread(row: number): SVGSVGElement {
    const { shape, samples, mean, classes, labels } = this.data;
    const [passes, rows, count] = shape;
    const { width, left, row: line } = SIZE;
    const x = (p: number): number => left + p * (width - left - 12);
    const drawn: SVGElement[] = [];
    for (let c = 0; c < count; c++) {
      const y = (c + 0.5) * line;
      const isLabel = labels?.[row] === c;
      drawn.push(svg("line", { x1: left, x2: width - 12, y1: y, y2: y, class: "rule" }));
      drawn.push(
        svg(
          "text",
          { x: left - 10, y: y + 4, "text-anchor": "end", class: isLabel ? "is" : undefined },
          `${classes[c]}${isLabel ? " ✓" : ""}`,
        ),
      );
      for (let pass = 0; pass < passes; pass++) {
        const p = (samples[(pass * rows + row) * count + c] as number) / 255;
        // Equal points lie side by side, so that their number is seen.
        drawn.push(svg("circle", { cx: x(p), cy: y + ((pass * 7) % 13) - 6, r: 2.2, class: "pass" }));
      }
      const m = mean[row * count + c] as number;
      drawn.push(svg("line", { x1: x(m), x2: x(m), y1: y - 9, y2: y + 9, class: "mean" }));
    }
    const bottom = count * line + 16;
    for (const p of [0, 0.5, 1])
      drawn.push(svg("text", { x: x(p), y: bottom, "text-anchor": "middle" }, String(p)));
    const best = this.guess(row);
    return svg(
      "svg",
      {
        viewBox: `0 0 ${width} ${bottom + 4}`,
        class: "spread",
        role: "img",
        "aria-label": `Mean probability of ${classes[best]}: ${figure(mean[row * count + best] as number)}`,
      },
      ...drawn,
    );
  }
}
