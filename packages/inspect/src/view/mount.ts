/** @file The whole view, in an element of a page. */
import type { ReportData } from "../format/report-data.ts";
import { AttentionPanel } from "./attention-panel.ts";
import { choice, h } from "./dom.ts";
import { bytesText, plural, short } from "./format.ts";
import { LayersPanel } from "./layers-panel.ts";
import { ModelPanel } from "./model-panel.ts";
import { PredictionsPanel } from "./predictions-panel.ts";
import { RunPanel } from "./run-panel.ts";
import { Store } from "./store.ts";
import { StreamsPanel } from "./streams-panel.ts";
import { styles } from "./styles.ts";
import { type TabMaker, Tabs } from "./tabs.ts";
import { setTheme } from "./theme.ts";
import { TimeBar } from "./time-bar.ts";

/** How a report is shown. */
export interface MountOptions {
  /** @defaultValue as the system has it */
  readonly theme?: "light" | "dark";
}

/** A view in a page. */
export interface Mounted {
  /** Shows further data of the same model in the same place: selection, tab and step stay. */
  update(data: ReportData): void;
  /** Takes the view out of the page. */
  dispose(): void;
}

const SAID_MS = 2500;

function tabsOf(store: Store): TabMaker[] {
  const { tree, history, predictions, streams } = store.data;
  return [
    ...(tree.length > 0 ? [{ title: "Model", make: () => new ModelPanel(store) }] : []),
    ...(LayersPanel.isNeeded(store) ? [{ title: "Layers", make: () => new LayersPanel(store) }] : []),
    ...(history ? [{ title: "Run", make: () => new RunPanel(store) }] : []),
    ...(AttentionPanel.isNeeded(store)
      ? [{ title: "Attention", make: () => new AttentionPanel(store) }]
      : []),
    ...(predictions ? [{ title: "Predictions", make: () => new PredictionsPanel(store) }] : []),
    ...(streams.length > 0 ? [{ title: "Random streams", make: () => new StreamsPanel(store) }] : []),
  ];
}

function headline({ tree, tensors, history, flags }: ReportData): string {
  const root = tree[0];
  const modules = tree.filter(({ kind, again }) => kind === "module" && again === undefined).length;
  return [
    ...(root ? [`${short(root.size)} numbers`, bytesText(root.bytes), plural(modules, "module")] : []),
    ...(root ? [] : [plural(tensors.length, "tensor")]),
    ...(history ? [plural(history.steps.length, "recorded step")] : []),
    ...(flags.length > 0 ? [plural(flags.length, "flag")] : []),
  ].join(" · ");
}

/**
 * Shows a report in an element, whose contents it replaces.
 * @param element - Where the report goes.
 * @param data - `report.data`, or a copy of it, such as one from a worker.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { inspect } from "@nnxjs/inspect";
 * import { mount } from "@nnxjs/inspect/view";
 *
 * const report = await inspect(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }));
 * if (typeof document === "object") {
 *   const shown = mount(document.body, report.data);
 *   shown.dispose();
 * }
 * ```
 */
export function mount(element: HTMLElement, data: ReportData, { theme }: MountOptions = {}): Mounted {
  const store = new Store(data);
  const title = h("h1", {}, data.title);
  const line = h("p", { class: "headline" }, headline(data));
  const said = h("div", { class: "said", role: "status", "aria-live": "polite" });
  const time = new TimeBar(store);
  const tabs = new Tabs();
  const root = h("main", { class: "nnx-inspect" });

  let timer: ReturnType<typeof setTimeout> | undefined;
  store.say = (text) => {
    said.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => {
      said.textContent = "";
    }, SAID_MS);
  };
  const dress = (value: "light" | "dark" | undefined): void => {
    setTheme(value);
    if (value) root.dataset.theme = value;
    else delete root.dataset.theme;
    store.tell("theme");
  };
  const themes = choice(
    "Colours",
    [
      ["", "as the system"],
      ["light", "light"],
      ["dark", "dark"],
    ],
    theme ?? "",
    (value) => dress(value === "" ? undefined : (value as "light" | "dark")),
  );
  const system = matchMedia("(prefers-color-scheme: dark)");
  const onSystem = (): void => store.tell("theme");
  system.addEventListener("change", onSystem);

  root.append(
    h("style", {}, styles),
    h("header", { class: "top" }, h("div", {}, title, line), themes),
    time.element,
    tabs.element,
    said,
  );
  element.replaceChildren(root);
  dress(theme);
  const stop = store.listen((change) => {
    if (change === "data") {
      title.textContent = store.data.title;
      line.textContent = headline(store.data);
      tabs.setTabs(tabsOf(store));
    }
    time.refresh(change);
    tabs.active?.refresh(change);
  });
  tabs.setTabs(tabsOf(store));
  return {
    update: (next) => store.setData(next),
    dispose() {
      stop();
      time.stop();
      clearTimeout(timer);
      system.removeEventListener("change", onSystem);
      root.remove();
    },
  };
}
