/** @file The page: two trainings, of which one is shown. */
import "uplot/dist/uPlot.min.css";
import "./styles.css";
import { onTheme, setTheme } from "./colors.ts";
import { DigitsTraining } from "./digits-training.ts";
import { choice, h } from "./dom.ts";
import { SequencesTraining } from "./sequences-training.ts";
import { Tabs } from "./tabs.ts";

const tabs = new Tabs([
  ["Digits", () => new DigitsTraining()],
  ["Sequences", () => new SequencesTraining()],
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
