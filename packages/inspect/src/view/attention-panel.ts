/** @file The tab of attention: which position looks at which. */
import { h } from "./dom.ts";
import { pathText } from "./format.ts";
import type { Item } from "./items.ts";
import type { Panel } from "./panel.ts";
import type { Change, Store } from "./store.ts";
import { type Card, tensorCard } from "./tensor-card.ts";

/** The name under which attention layers sow their weights, `[...batch, heads, queries, keys]`. */
const NAME = "attention_weights";

const mapsOf = ({ items }: Store): Item[] =>
  [...items.values()].filter(
    ({ path, shape, of }) => path.includes(NAME) && shape.length >= 3 && of === "value",
  );

export class AttentionPanel implements Panel {
  private readonly store: Store;
  readonly title: string = "Attention";
  readonly element: HTMLElement = h("div", { class: "attention" });
  private cards: Card[] = [];
  private readonly place = h("div", { class: "cards" });
  private row = 0;
  private known = "";

  constructor(store: Store) {
    this.store = store;
    this.build();
  }

  static isNeeded(store: Store): boolean {
    return mapsOf(store).length > 0;
  }

  refresh(change: Change): void {
    if (
      change === "data" &&
      mapsOf(this.store)
        .map(({ key }) => key)
        .join() !== this.known
    ) {
      this.build();
      return;
    }
    for (const card of this.cards) card.refresh();
  }

  private build(): void {
    const maps = mapsOf(this.store);
    this.known = maps.map(({ key }) => key).join();
    const rows = Math.max(
      1,
      ...maps.map(({ tensor, shape }) => (shape.length > 3 ? (tensor?.picture.rows ?? 1) : 1)),
    );
    const input = h("input", { type: "range", min: 0, max: rows - 1, value: this.row });
    const words = h("p", { class: "note" });
    const show = (): void => {
      const tokens = this.store.data.tokens?.[this.row];
      words.textContent = tokens ? `Positions: ${tokens.map((token, i) => `${i} ${token}`).join(" · ")}` : "";
      this.cards = maps.map(({ key, path, call }) =>
        tensorCard(this.store, key, {
          title: `${pathText(path.slice(0, -1))}${call > 0 ? `, call ${call + 1}` : ""}`,
          row: this.row,
        }),
      );
      this.place.replaceChildren(...this.cards.map(({ element }) => element));
    };
    input.addEventListener("input", () => {
      this.row = Number(input.value);
      show();
    });
    this.element.replaceChildren(
      h("h2", {}, "Attention maps"),
      h(
        "p",
        {},
        "Each facet is a head. Rows are queries, columns are keys: how much each query attends to each key.",
      ),
      rows > 1
        ? h("div", { class: "controls" }, h("label", { class: "field" }, "Row of the batch", input))
        : "",
      words,
      this.place,
    );
    show();
  }
}
