/** @file The tab of the layers: sizes of activations and gradients in the order of the calls, and pictures. */
import { Chart } from "./chart.ts";
import { button, choice, h } from "./dom.ts";
import { flagList } from "./flags.ts";
import { figure, pathText, percent, shapeText } from "./format.ts";
import { type Item, keyOf, numbersAt, samePath } from "./items.ts";
import type { Panel } from "./panel.ts";
import type { Change, Store } from "./store.ts";
import { type Card, tensorCard } from "./tensor-card.ts";

const kinds = ["outputs", "sown", "perturbed", "captured"] as const;
const kindNames: Readonly<Record<(typeof kinds)[number], string>> = {
  outputs: "results of methods",
  sown: "what was sown",
  perturbed: "what was perturbed",
  captured: "captured values",
};

const REST_MS = 80;

const outline = ({ items }: Store): string => [...items.keys()].join();

export class LayersPanel implements Panel {
  private readonly store: Store;
  readonly title: string = "Layers";
  readonly element: HTMLElement = h("div", { class: "layers" });
  private kind: (typeof kinds)[number];
  private row = 0;
  private layers: Item[] = [];
  private chart: Chart | undefined;
  private cards: Card[] = [];
  private readonly strip = h("div", { class: "strip" });
  private readonly table = h("tbody");
  private readonly enlarged = h("div", { class: "cards" });
  private large: Card | undefined;
  private known = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store) {
    this.store = store;
    this.kind = this.kinds()[0] ?? "captured";
    this.build();
  }

  static isNeeded({ items }: Store): boolean {
    return [...items.values()].some(({ where }) => (kinds as readonly string[]).includes(where));
  }

  refresh(change: Change): void {
    if (change === "data" && outline(this.store) !== this.known) {
      this.build();
      return;
    }
    this.showChart();
    if (change === "theme") this.chart?.redraw();
    for (const card of this.cards) card.refresh();
    this.large?.refresh();
    // The table follows when the slider rests.
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.showTable(), REST_MS);
  }

  private kinds(): (typeof kinds)[number][] {
    const items = [...this.store.items.values()];
    return kinds.filter((kind) => items.some(({ where }) => where === kind));
  }

  private gradientOf({ where, path, call, part }: Item): Item | undefined {
    return this.store.items.get(keyOf({ where, path, call, of: "gradient", part }));
  }

  private nameOf({ path, call, part }: Item): string {
    return [pathText(path), ...(part ? [part] : []), ...(call > 0 ? [`call ${call + 1}`] : [])].join(", ");
  }

  private build(): void {
    const { store } = this;
    this.known = outline(store);
    this.layers = [...store.items.values()].filter(({ where, of }) => where === this.kind && of === "value");
    this.chart?.destroy();
    this.chart = undefined;
    const flags = store.data.flags;
    const head = ["layer", "shape", "size", "mean", "std", "zeros", "NaN, Inf", "gradient", "flags"];
    this.element.replaceChildren(
      h(
        "div",
        { class: "controls" },
        choice(
          "Show",
          this.kinds().map((kind) => [kind, kindNames[kind]] as const),
          this.kind,
          (value) => {
            this.kind = value as (typeof kinds)[number];
            this.build();
          },
        ),
      ),
      h("div", { class: "chart-place" }),
      ...(flags.length > 0 ? [h("h2", {}, "Flags"), flagList(flags)] : []),
      h("h2", {}, "One row of the input, and what each layer made of it"),
      this.rowChoice(),
      this.strip,
      this.enlarged,
      h("h2", {}, "Numbers"),
      h(
        "div",
        { class: "scroll", tabindex: 0, role: "region", "aria-label": "Numbers of the layers" },
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, ...head.map((name) => h("th", { scope: "col" }, name)))),
          this.table,
        ),
      ),
    );
    this.showChart();
    this.showStrip();
    this.showTable();
  }

  private rowChoice(): HTMLElement {
    const rows = Math.max(
      1,
      ...this.layers.map(({ tensor, shape }) => (shape.length > 1 ? (tensor?.picture.rows ?? 1) : 1)),
    );
    const input = h("input", { type: "range", min: 0, max: rows - 1, value: this.row });
    const text = h("output", {}, String(this.row));
    input.addEventListener("input", () => {
      this.row = Number(input.value);
      text.textContent = input.value;
      this.showStrip();
    });
    return h("div", { class: "controls" }, h("label", { class: "field" }, "Row of the batch", input, text));
  }

  private showStrip(): void {
    const input = [...this.store.items.values()].filter(({ where }) => where === "input");
    this.cards = [...input, ...this.layers].map((item) =>
      tensorCard(this.store, item.key, {
        title: item.where === "input" ? "input" : this.nameOf(item),
        row: this.row,
        isSmall: true,
      }),
    );
    this.strip.replaceChildren(...this.cards.map(({ element }) => element));
  }

  private flagsOf({ path }: Item): string {
    return this.store.data.flags
      .filter((flag) => samePath(flag.path, path))
      .map(({ kind }) => kind)
      .join(", ");
  }

  private showChart(): void {
    const { store, layers } = this;
    const sizes = (items: readonly (Item | undefined)[]): (number | null)[] =>
      items.map((item) => (item && numbersAt(item, store.moment, store.bins)?.rms) ?? null);
    const gradients = layers.map((item) => this.gradientOf(item));
    const lines = [
      { label: "activation", color: "--blue", values: sizes(layers) },
      ...(gradients.some(Boolean)
        ? [{ label: "gradient", color: "--orange", values: sizes(gradients), isDashed: true }]
        : []),
    ];
    const xs = layers.map((_, i) => i);
    if (this.chart) {
      this.chart.show(xs, lines);
      return;
    }
    const marks = new Map(
      layers.flatMap((item, i) => (this.flagsOf(item) ? [[i, this.flagsOf(item)] as const] : [])),
    );
    this.chart = new Chart(
      {
        label: "Size (root mean square) through the layers, in the order of the calls",
        isLog: true,
        hasPoints: true,
        isNamed: true,
        height: 270,
        marks,
        nameOf: (x) => (layers[x] ? this.nameOf(layers[x]) : ""),
        onPick: (index) => this.enlarge(index),
      },
      xs,
      lines,
    );
    this.element.querySelector(".chart-place")?.replaceChildren(this.chart.element);
  }

  private enlarge(index: number): void {
    const item = this.layers[index];
    if (!item) return;
    this.large = tensorCard(this.store, item.key, { title: this.nameOf(item) });
    this.enlarged.replaceChildren(this.large.element);
    this.large.element.scrollIntoView({ block: "nearest" });
  }

  private showTable(): void {
    const { store, layers } = this;
    const rows = layers.map((item, i) => {
      const numbers = numbersAt(item, store.moment, store.bins);
      const gradient = this.gradientOf(item);
      const ofGradient = gradient && numbersAt(gradient, store.moment, store.bins);
      const cells = numbers
        ? [
            figure(numbers.rms),
            figure(numbers.mean),
            figure(numbers.std),
            percent(numbers.zeros),
            String(numbers.nan + numbers.inf),
            ofGradient ? figure(ofGradient.rms) : "",
            this.flagsOf(item),
          ]
        : ["", "", "", "", "", "", ""];
      return h(
        "tr",
        { class: numbers && numbers.nan + numbers.inf > 0 ? "bad" : undefined },
        h(
          "th",
          { scope: "row" },
          button(this.nameOf(item), () => this.enlarge(i), { class: "link" }),
        ),
        h("td", {}, shapeText(item.shape)),
        ...cells.map((text) => h("td", {}, text)),
      );
    });
    this.table.replaceChildren(...rows);
  }
}
