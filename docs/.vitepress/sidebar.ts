/** @file The lists of pages beside a page. */
import type { DefaultTheme } from "vitepress";
import { topics } from "./reference/topics.ts";

type Entry = readonly [text: string, page: string];

const group = (text: string, entries: readonly Entry[]): DefaultTheme.SidebarItem => ({
  text,
  items: entries.map(([name, page]) => ({ text: name, link: `/${page}` })),
});

/** The pages of the site, in the order of reading. */
export const sidebar: DefaultTheme.SidebarItem[] = [
  group("First", [
    ["Start", "start"],
    ["Ideas", "ideas"],
    ["Pitfalls", "pitfalls"],
  ]),
  group("Guides", [
    ["Your own layer", "your-own-layer"],
    ["Layers", "layers"],
    ["Train a model", "train"],
    ["Losses and schedules", "losses-and-schedules"],
    ["Save and resume", "checkpoints"],
    ["See inside a model", "see-inside"],
    ["How sure is my model?", "uncertainty"],
    ["Test a model", "testing"],
    ["Transforms", "transforms"],
    ["Performance", "performance"],
    ["In the browser", "in-the-browser"],
    ["Workers", "workers"],
    ["A Flax CNN, ported", "flax-cnn"],
    ["Recipes from JAX", "recipes"],
  ]),
  group("The parts", [
    ["The graph and its State", "graph-and-state"],
    ["Filters", "filters"],
    ["Modes", "modes"],
    ["Memory", "memory"],
    ["Random numbers", "random"],
    ["Gradients, kernel by kernel", "gradients"],
    ["Backends", "backends"],
  ]),
  group("Coming from", [
    ["Flax", "coming-from/flax"],
    ["Flax and back", "flax-and-back"],
    ["PyTorch", "coming-from/pytorch"],
    ["tfjs-layers", "coming-from/tfjs-layers"],
    ["Keras", "coming-from/keras"],
    ["jax-js", "coming-from/jax-js"],
  ]),
  group("The project", [
    ["Reference", "reference/index"],
    ["What differs from Flax", "deviations"],
    ["Architecture", "architecture"],
    ["Changelog", "changelog"],
  ]),
];

/** The pages of the reference have a list of their own. */
export const reference: DefaultTheme.SidebarItem[] = [
  group("Reference", [
    ["All names", "reference/index"],
    ...topics().map(({ title, slug }): Entry => [title, `reference/${slug}`]),
  ]),
];
