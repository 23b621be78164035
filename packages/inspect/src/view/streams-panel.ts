/** @file The tab of random numbers: streams, their keys and counts. */
import { copy } from "./clipboard.ts";
import { button, h } from "./dom.ts";
import { pathText } from "./format.ts";
import type { Panel } from "./panel.ts";
import type { Store } from "./store.ts";

const WORDS = 8;
const hex = (word: number): string => word.toString(16).padStart(8, "0");

export class StreamsPanel implements Panel {
  private readonly store: Store;
  readonly title: string = "Random streams";
  readonly element: HTMLElement = h("div", { class: "streams" });

  constructor(store: Store) {
    this.store = store;
    this.refresh();
  }

  refresh(): void {
    const { streams } = this.store.data;
    const seen = new Map<string, number>();
    for (const { words } of streams) seen.set(words.join(), (seen.get(words.join()) ?? 0) + 1);
    const rows = streams.map(({ path, tag, words, counts, code }) => {
      const keys = Array.from(
        { length: Math.min(WORDS, words.length) / 2 },
        (_, i) => `${hex(words[2 * i] as number)} ${hex(words[2 * i + 1] as number)}`,
      );
      const isTwin = (seen.get(words.join()) ?? 0) > 1;
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, pathText(path)),
        h("td", {}, tag),
        h(
          "td",
          { class: "mono" },
          keys.join(", "),
          words.length > WORDS ? ` … ${words.length / 2} keys` : "",
          isTwin ? h("strong", {}, " the same key stands elsewhere") : undefined,
        ),
        h("td", {}, counts.slice(0, WORDS).join(", ")),
        h(
          "td",
          {},
          button(
            "Code",
            () =>
              void copy(code).then((done) =>
                this.store.say(done ? `Copied ${code}` : "The browser did not allow to copy"),
              ),
            { "aria-label": `Code of ${code}` },
          ),
        ),
      );
    });
    this.element.replaceChildren(
      h(
        "p",
        {},
        "The n-th key of a stream is its key folded with n. The count says how many keys were drawn.",
      ),
      h(
        "div",
        { class: "scroll", tabindex: 0, role: "region", "aria-label": "Random streams" },
        h(
          "table",
          {},
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ...["stream", "tag", "key", "count", "copy"].map((name) => h("th", { scope: "col" }, name)),
            ),
          ),
          h("tbody", {}, ...rows),
        ),
      ),
    );
  }
}
