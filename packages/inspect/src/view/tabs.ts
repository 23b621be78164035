/** @file Tabs, as ARIA has them. A panel is made when it is first seen. */
import { h, newId } from "./dom.ts";
import type { Panel } from "./panel.ts";

export interface TabMaker {
  readonly title: string;
  make(): Panel;
}

export class Tabs {
  readonly element: HTMLElement;
  private readonly list = h("div", { role: "tablist", "aria-label": "Views" });
  private readonly place = h("div", { class: "panels" });
  private makers: readonly TabMaker[] = [];
  private readonly panels = new Map<string, { readonly panel: Panel; readonly element: HTMLElement }>();
  private current = "";

  constructor() {
    this.element = h("div", { class: "tabs" }, this.list, this.place);
    this.list.addEventListener("keydown", (event) => this.onKey(event));
  }

  get active(): Panel | undefined {
    return this.panels.get(this.current)?.panel;
  }

  /** Shows these tabs. Panels that were made stay. */
  setTabs(makers: readonly TabMaker[]): void {
    const titles = makers.map(({ title }) => title);
    if (titles.join() === this.makers.map(({ title }) => title).join()) return;
    this.makers = makers;
    this.list.replaceChildren(...titles.map((title) => this.tab(title)));
    this.select(titles.includes(this.current) ? this.current : (titles[0] ?? ""));
  }

  select(title: string, isFocused = false): void {
    const maker = this.makers.find((each) => each.title === title);
    if (!maker) return;
    this.current = title;
    if (!this.panels.has(title)) {
      const panel = maker.make();
      const id = this.idOf(title);
      const element = h(
        "div",
        { role: "tabpanel", id: `${id}-panel`, "aria-labelledby": id, tabindex: 0 },
        panel.element,
      );
      this.panels.set(title, { panel, element });
      this.place.append(element);
    }
    for (const [name, { element }] of this.panels) element.hidden = name !== title;
    for (const tab of this.list.children) {
      const isSelected = tab.textContent === title;
      tab.setAttribute("aria-selected", String(isSelected));
      tab.setAttribute("tabindex", isSelected ? "0" : "-1");
      if (isSelected) tab.setAttribute("aria-controls", `${tab.id}-panel`);
      if (isSelected && isFocused) (tab as HTMLElement).focus();
    }
    this.active?.refresh("moment");
  }

  private readonly ids = new Map<string, string>();

  private idOf(title: string): string {
    const id = this.ids.get(title) ?? newId();
    this.ids.set(title, id);
    return id;
  }

  private tab(title: string): HTMLElement {
    const tab = h("button", { type: "button", role: "tab", id: this.idOf(title) }, title);
    tab.addEventListener("click", () => this.select(title));
    return tab;
  }

  private onKey(event: KeyboardEvent): void {
    const titles = this.makers.map(({ title }) => title);
    const at = titles.indexOf(this.current);
    const targets: Readonly<Record<string, number>> = {
      ArrowRight: (at + 1) % titles.length,
      ArrowLeft: (at + titles.length - 1) % titles.length,
      Home: 0,
      End: titles.length - 1,
    };
    const to = targets[event.key];
    if (to === undefined) return;
    this.select(titles[to] as string, true);
    event.preventDefault();
  }
}
