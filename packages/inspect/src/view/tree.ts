/** @file The parts of a model, as the tree pattern of ARIA has it: one row is in the order of tabs. */
import type { TreeNode } from "../format/report-data.ts";
import { copy } from "./clipboard.ts";
import { h } from "./dom.ts";
import { pathText, plural, shapeText, short } from "./format.ts";
import { isBelow, keyOf, pictureAt, samePath } from "./items.ts";
import type { Store } from "./store.ts";
import { SharedArcs } from "./shared-arcs.ts";
import { valuesText } from "./values-text.ts";

/** Larger models open only so many rows at first. */
const OPEN_AT_FIRST = 60;
/** There are so many colours of shared parts; then they begin again. The numbers do not. */
const HUES = 6;

/** The class of a row by the type of its part. */
function tone({ kind, type }: TreeNode): string {
  if (kind === "module") return "module";
  if (kind === "container") return "container";
  if (type === "Param" || type.endsWith("Param")) return "param";
  if (type.startsWith("Rng")) return "rng";
  return type === "BatchStat" ? "stat" : "other";
}

/** What stands at several places, numbered from 1. */
function sharedNumbers(tree: readonly TreeNode[]): ReadonlyMap<number, number> {
  const numbers = new Map<number, number>();
  for (const { object, again } of tree)
    if (again !== undefined && !numbers.has(object)) numbers.set(object, numbers.size + 1);
  return numbers;
}

export class Tree {
  private readonly store: Store;
  private readonly onSelect: (index: number) => void;
  readonly element: HTMLElement;
  private readonly list = h("ul", { role: "tree", "aria-label": "Parts of the model" });
  private readonly rows: HTMLLIElement[] = [];
  private readonly children: number[][] = [];
  private readonly closed = new Set<number>();
  private readonly arcs = new SharedArcs();
  private active = 0;
  private typed = "";
  private lastKey = 0;

  constructor(store: Store, onSelect: (index: number) => void) {
    this.store = store;
    this.onSelect = onSelect;
    this.element = h("nav", { class: "tree", "aria-label": "Model" }, this.arcs.element, this.list);
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    this.list.addEventListener("click", (event) => this.onClick(event));
    this.build();
  }

  /** Builds the rows again, for another model. */
  build(): void {
    const { tree } = this.store.data;
    this.rows.length = 0;
    this.children.length = 0;
    for (const i of tree.keys()) this.children[i] = [];
    tree.forEach(({ parent }, i) => void this.children[parent]?.push(i));
    const shared = sharedNumbers(tree);
    for (const [i, node] of tree.entries()) this.rows[i] = this.row(node, i, shared.get(node.object));
    this.closed.clear();
    if (tree.length > OPEN_AT_FIRST)
      tree.forEach(({ path }, i) => {
        if (path.length >= 2) this.setOpen(i, false);
      });
    this.list.replaceChildren(...this.rows);
    this.hideClosed();
    this.arcs.place(() => this.sharedRows());
    this.activate(Math.min(this.active, tree.length - 1));
  }

  /** Selects and shows a row. */
  select(index: number, isFocused = false): void {
    for (
      let at = this.store.data.tree[index]?.parent ?? -1;
      at >= 0;
      at = this.store.data.tree[at]?.parent ?? -1
    )
      this.open(at, true);
    this.activate(index);
    for (const row of this.list.querySelectorAll('[aria-selected="true"]'))
      row.setAttribute("aria-selected", "false");
    const row = this.rows[index];
    row?.setAttribute("aria-selected", "true");
    if (isFocused) row?.focus();
    this.onSelect(index);
  }

  private row(node: TreeNode, index: number, shared: number | undefined): HTMLLIElement {
    const { key, kind, type, shape, size, again, isCycle, parent, code } = node;
    const label = parent < 0 ? this.store.data.name : String(key);
    const isBranch = (this.children[index] as number[]).length > 0;
    const flags = this.store.data.flags.filter(({ path }) =>
      kind === "module" ? parent >= 0 && isBelow(path, node.path) : samePath(path, node.path),
    ).length;
    const facts = shape
      ? shapeText(shape)
      : kind === "variable"
        ? (node.text ?? "")
        : size > 0
          ? short(size)
          : "";
    const name = isCycle ? "cycle to part" : "shared part";
    const badge =
      shared === undefined
        ? undefined
        : h(
            "span",
            { class: `shared hue-${(shared - 1) % HUES}` },
            h("span", { class: "unseen" }, ` ${name}`),
            ` ${isCycle ? "↺" : "◆"} ${shared}`,
          );
    const item = h(
      "li",
      {
        role: "treeitem",
        tabindex: -1,
        "aria-selected": "false",
        "aria-level": node.path.length + 1,
        "aria-expanded": isBranch ? "true" : undefined,
        class: `row ${tone(node)}`,
        "data-index": index,
        title: again === undefined ? code : `${code} is ${pathText(this.store.data.tree[again]?.path ?? [])}`,
      },
      h("span", { class: "twist", "aria-hidden": "true" }, isBranch ? "▾" : ""),
      h("span", { class: "name" }, label),
      " ",
      h("span", { class: "type" }, type),
      badge,
      flags > 0 ? h("span", { class: "flags" }, ` ⚑ ${plural(flags, "flag")}`) : undefined,
      h("span", { class: "facts" }, ` ${facts}`),
      h(
        "span",
        { class: "copies", "aria-hidden": "true" },
        this.copyButton("code", "c"),
        kind === "variable" || kind === "array" ? this.copyButton("values", "v") : undefined,
      ),
    );
    item.style.setProperty("--level", String(node.path.length));
    return item;
  }

  /** For the mouse. The keyboard has keys for both, and the details have buttons. */
  private copyButton(what: "code" | "values", key: string): HTMLElement {
    return h("span", { class: "copy", "data-copy": what, title: `Copy the ${what} (${key})` }, what);
  }

  private sharedRows(): { object: number; row: HTMLElement }[] {
    const { tree } = this.store.data;
    const shared = sharedNumbers(tree);
    return tree.flatMap(({ object }, i) => {
      const row = this.rows[i];
      return row && !row.hidden && shared.has(object) ? [{ object, row }] : [];
    });
  }

  private open(index: number, isOpen: boolean): void {
    this.setOpen(index, isOpen);
    this.hideClosed();
  }

  private setOpen(index: number, isOpen: boolean): void {
    const row = this.rows[index];
    if (!row?.hasAttribute("aria-expanded")) return;
    row.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.closed.delete(index);
    else this.closed.add(index);
    const twist = row.querySelector(".twist");
    if (twist) twist.textContent = isOpen ? "▾" : "▸";
  }

  /** Hides what is below closed parts. An owner comes before its parts. */
  private hideClosed(): void {
    this.store.data.tree.forEach(({ parent }, i) => {
      const row = this.rows[i];
      if (row) row.hidden = parent >= 0 && ((this.rows[parent]?.hidden ?? false) || this.closed.has(parent));
    });
    this.arcs.place(() => this.sharedRows());
  }

  private activate(index: number): void {
    this.rows[this.active]?.setAttribute("tabindex", "-1");
    this.active = index;
    this.rows[index]?.setAttribute("tabindex", "0");
  }

  private async copy(index: number, what: "code" | "values"): Promise<void> {
    const node = this.store.data.tree[index] as TreeNode;
    let text = node.code;
    if (what === "values") {
      const { path } = this.store.data.tree[node.again ?? index] as TreeNode;
      const item = this.store.items.get(keyOf({ where: "parameters", path, call: 0, of: "value", part: "" }));
      const picture = item && pictureAt(item, this.store.moment, this.store.steps);
      text = picture ? valuesText(picture, item.shape) : (node.text ?? "");
    }
    if (text === "") return this.store.say(`${node.code} has no values of its own`);
    this.store.say(
      (await copy(text))
        ? `Copied ${what === "code" ? text : `the values of ${node.code}`}`
        : "The browser did not allow to copy",
    );
  }

  private onClick(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const row = target.closest<HTMLElement>('[role="treeitem"]');
    if (!row) return;
    const index = Number(row.dataset.index);
    const what = target.dataset.copy;
    if (what === "code" || what === "values") void this.copy(index, what);
    else if (target.classList.contains("twist"))
      this.open(index, row.getAttribute("aria-expanded") !== "true");
    else this.select(index, true);
  }

  private visible(): number[] {
    return this.rows.flatMap((row, i) => (row.hidden ? [] : [i]));
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const index = this.active;
    const node = this.store.data.tree[index] as TreeNode;
    const isOpen = this.rows[index]?.getAttribute("aria-expanded");
    const visible = this.visible();
    const at = visible.indexOf(index);
    const go = (to: number | undefined): void => {
      if (to === undefined) return;
      this.activate(to);
      this.rows[to]?.focus();
    };
    const { key } = event;
    if (key === "ArrowDown") go(visible[at + 1]);
    else if (key === "ArrowUp") go(visible[at - 1]);
    else if (key === "Home") go(visible[0]);
    else if (key === "End") go(visible.at(-1));
    else if (key === "ArrowRight") {
      if (isOpen === "false") this.open(index, true);
      else go(this.children[index]?.[0]);
    } else if (key === "ArrowLeft") {
      if (isOpen === "true") this.open(index, false);
      else go(node.parent < 0 ? undefined : node.parent);
    } else if (key === "Enter" || key === " ") this.select(index, true);
    else if (key === "c") void this.copy(index, "code");
    else if (key === "v") void this.copy(index, "values");
    else if (key === "*") for (const child of this.children[node.parent] ?? []) this.open(child, true);
    else if (key.length === 1) this.find(key, visible, at, go);
    else return;
    event.preventDefault();
  }

  /** Goes to the next row that begins with what was typed in quick succession. */
  private find(
    key: string,
    visible: readonly number[],
    at: number,
    go: (to: number | undefined) => void,
  ): void {
    const now = performance.now();
    this.typed = now - this.lastKey < 600 ? this.typed + key : key;
    this.lastKey = now;
    const text = this.typed.toLowerCase();
    const start = this.typed.length === 1 ? at + 1 : at;
    const order = [...visible.slice(start), ...visible.slice(0, start)];
    go(order.find((i) => String(this.store.data.tree[i]?.key).toLowerCase().startsWith(text)));
  }
}
