/** @file Tabs: a training is made when it is first shown, and pauses while another one is. */
import { h } from "./dom.ts";

interface Shown {
  readonly element: HTMLElement;
  setShown(isShown: boolean): Promise<void>;
  redraw(): void;
}

interface Tab {
  readonly title: string;
  readonly make: () => Promise<Shown>;
  readonly button: HTMLButtonElement;
  readonly panel: HTMLElement;
  /** What it shows, as soon as somebody wanted to see it. */
  shown?: Promise<Shown>;
}

export class Tabs {
  readonly element: HTMLElement;
  private readonly tabs: readonly Tab[];
  private current: Tab | undefined;

  constructor(makers: readonly (readonly [title: string, make: () => Promise<Shown>])[]) {
    this.tabs = makers.map(([title, make]) => {
      const id = title.toLowerCase();
      const button = h(
        "button",
        {
          type: "button",
          role: "tab",
          id: `${id}-tab`,
          "aria-controls": id,
          "aria-selected": "false",
          tabindex: -1,
        },
        title,
      );
      button.addEventListener("click", () => this.select(title));
      const panel = h("div", { role: "tabpanel", id, "aria-labelledby": `${id}-tab`, hidden: true });
      return { title, make, button, panel };
    });
    const list = h(
      "div",
      { role: "tablist", "aria-label": "Models" },
      ...this.tabs.map(({ button }) => button),
    );
    list.addEventListener("keydown", (event) => this.onKey(event));
    this.element = h("div", {}, list, ...this.tabs.map(({ panel }) => panel));
  }

  select(title: string): void {
    const next = this.tabs.find((tab) => tab.title === title);
    if (!next || next === this.current) return;
    const before = this.current;
    this.current = next;
    for (const { button, panel } of this.tabs) {
      const isSelected = button === next.button;
      button.setAttribute("aria-selected", String(isSelected));
      button.tabIndex = isSelected ? 0 : -1;
      panel.hidden = !isSelected;
    }
    next.shown ??= this.fill(next);
    for (const tab of [before, next]) void tab?.shown?.then((shown) => shown.setShown(tab === this.current));
  }

  /** After the colours changed. */
  redraw(): void {
    for (const { shown } of this.tabs) void shown?.then((each) => each.redraw());
  }

  private async fill({ make, panel }: Tab): Promise<Shown> {
    const shown = await make();
    panel.append(shown.element);
    return shown;
  }

  private onKey(event: KeyboardEvent): void {
    const { tabs } = this;
    const at = tabs.findIndex(({ title }) => title === this.current?.title);
    const targets: Readonly<Record<string, number>> = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    };
    const to = tabs[targets[event.key] ?? -1];
    if (!to) return;
    this.select(to.title);
    to.button.focus();
    event.preventDefault();
  }
}
