/** @file The tab of the model: its tree, and the details of the part that is selected. */
import type { TreeNode } from "../format/report-data.ts";
import { Chart } from "./chart.ts";
import { copy } from "./clipboard.ts";
import { button, h } from "./dom.ts";
import { flagList } from "./flags.ts";
import { bytesText, pathText } from "./format.ts";
import { isBelow, type Item, keyOf } from "./items.ts";
import type { Panel } from "./panel.ts";
import type { Change, Store } from "./store.ts";
import { type Card, tensorCard } from "./tensor-card.ts";
import { Tree } from "./tree.ts";

/** So many captured values of a module are shown. */
const MOST_CARDS = 6;

/** What the rows of the tree depend on. */
const outline = ({ data }: Store): string =>
  JSON.stringify(
    data.tree.map(({ parent, key, type, shape, object, text }) => [parent, key, type, shape, object, text]),
  );

export class ModelPanel implements Panel {
  private readonly store: Store;
  readonly title: string = "Model";
  readonly element: HTMLElement;
  private readonly tree: Tree;
  private readonly details = h("div", {
    class: "details",
    role: "region",
    "aria-label": "Details",
    tabindex: -1,
  });
  private cards: Card[] = [];
  private charts: Chart[] = [];
  private selected = 0;
  private known: string;

  constructor(store: Store) {
    this.store = store;
    this.tree = new Tree(store, (index) => this.show(index));
    this.element = h("div", { class: "model" }, this.tree.element, this.details);
    this.known = outline(store);
    this.tree.select(0);
  }

  refresh(change: Change): void {
    if (change === "data") {
      const now = outline(this.store);
      if (now !== this.known) {
        this.known = now;
        this.tree.build();
        this.tree.select(Math.min(this.selected, this.store.data.tree.length - 1));
        return;
      }
      this.showCharts();
    }
    for (const card of this.cards) card.refresh();
    for (const chart of this.charts) {
      if (change === "theme") chart.redraw();
      chart.mark(this.store.moment.at);
    }
  }

  private items(node: TreeNode): Item[] {
    const { items, data } = this.store;
    const path = node.again === undefined ? node.path : (data.tree[node.again]?.path ?? node.path);
    if (node.kind === "variable" || node.kind === "array") {
      const at = [
        keyOf({ where: "parameters", path, call: 0, of: "value", part: "" }),
        keyOf({ where: "gradients", path, call: 0, of: "gradient", part: "" }),
      ];
      return at.flatMap((key) => items.get(key) ?? []);
    }
    // What the module itself recorded is one name longer than its path.
    return [...items.values()]
      .filter(
        ({ where, path: each }) =>
          !["parameters", "gradients", "input"].includes(where) &&
          each.length === path.length + 1 &&
          isBelow(each, path),
      )
      .slice(0, MOST_CARDS);
  }

  private show(index: number): void {
    const { store } = this;
    const node = store.data.tree[index] as TreeNode;
    this.selected = index;
    for (const chart of this.charts) chart.destroy();
    this.charts = [];
    const items = this.items(node);
    this.cards = items.map(({ key, where, of, path, call, part }) =>
      tensorCard(store, key, {
        title:
          where === "parameters"
            ? "value"
            : where === "gradients"
              ? "gradient"
              : `${path.at(-1)}${part ? `, ${part}` : ""}${call > 0 ? `, call ${call + 1}` : ""}${of === "gradient" ? ", gradient" : ""}`,
      }),
    );
    const again = node.again;
    const flags = store.data.flags.filter(({ path }) => isBelow(path, node.path));
    this.details.replaceChildren(
      h(
        "header",
        {},
        h("h2", {}, node.parent < 0 ? store.data.name : pathText(node.path)),
        h("code", {}, node.code),
        button(
          "Copy code",
          () =>
            void copy(node.code).then((done) =>
              store.say(done ? `Copied ${node.code}` : "The browser did not allow to copy"),
            ),
        ),
      ),
      h("p", { class: "summary" }, this.summary(node)),
      again === undefined
        ? ""
        : h(
            "p",
            {},
            node.isCycle ? "A cycle: this is " : "Shared: this is the same object as ",
            button(store.data.tree[again]?.code ?? "", () => this.tree.select(again, true), {
              class: "link",
            }),
            ".",
          ),
      flags.length > 0 ? flagList(flags) : "",
      node.statics.length === 0
        ? ""
        : h(
            "table",
            { class: "statics" },
            h("caption", {}, "Attributes"),
            h(
              "tbody",
              {},
              ...node.statics.map(([name, value]) =>
                h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)),
              ),
            ),
          ),
      h("div", { class: "cards" }, ...this.cards.map(({ element }) => element)),
      h("div", { class: "series" }),
    );
    this.showCharts();
  }

  private summary({ kind, type, size, bytes, text, dtype }: TreeNode): string {
    if (kind === "module" || kind === "container")
      return `${type}, ${size.toLocaleString("en")} numbers, ${bytesText(bytes)}`;
    return text !== undefined && dtype === undefined
      ? `${type}: ${text}`
      : `${type}, ${size.toLocaleString("en")} numbers, ${bytesText(bytes)}`;
  }

  /** How the sizes of the selected tensors changed. */
  private showCharts(): void {
    const { history, tree } = this.store.data;
    const place = this.details.querySelector(".series");
    const node = tree[this.selected];
    if (!history || !place || !node || history.steps.length < 2) return;
    const colors = ["--blue", "--orange", "--green", "--purple"];
    const lines = this.items(node)
      .filter(({ series }) => series)
      .slice(0, colors.length)
      .map(({ where, of, path, series }, i) => ({
        label:
          where === "parameters"
            ? "value"
            : where === "gradients"
              ? "gradient"
              : `${path.at(-1)}${of === "gradient" ? ", gradient" : ""}`,
        color: colors[i] as string,
        values: [...(series?.rms ?? [])],
      }));
    if (lines.length === 0) return;
    const [chart] = this.charts;
    if (chart) {
      chart.show(history.steps, lines);
      return;
    }
    const made = new Chart(
      { label: "Size (root mean square) at each step", isLog: true },
      history.steps,
      lines,
    );
    place.replaceChildren(made.element);
    made.mark(this.store.moment.at);
    this.charts = [made];
  }
}
