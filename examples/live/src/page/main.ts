/** @file The page: two trainings, of which one is shown. */
import "uplot/dist/uPlot.min.css";
import "./styles.css";
import { onTheme, setTheme } from "./colors.ts";
import { choice, h } from "./dom.ts";
import { nextFrame } from "./painter.ts";
import { Tabs } from "./tabs.ts";

// Scripts come when they are needed, and what they make waits for a frame: no task is long.
const tabs = new Tabs([
  [
    "Digits",
    async () => {
      const { DigitsTraining } = await import("./digits-training.ts");
      await nextFrame();
      return new DigitsTraining();
    },
  ],
  [
    "Sequences",
    async () => {
      const { SequencesTraining } = await import("./sequences-training.ts");
      await nextFrame();
      return new SequencesTraining();
    },
  ],
]);

const themes = choice(
  "Colours",
  [
    ["", "as the system"],
    ["light", "light"],
    ["dark", "dark"],
  ] as const,
  "",
  setTheme,
);
onTheme(() => tabs.redraw());

document.body.append(
  h(
    "header",
    { class: "top" },
    h(
      "div",
      {},
      h("h1", {}, "Watch a model learn"),
      h(
        "p",
        { class: "headline" },
        "Trained here, in your browser, in a worker of this page. Nothing leaves it.",
      ),
    ),
    themes,
  ),
  h("main", {}, tabs.element),
);
tabs.select("Digits");
