/** @file The site: which pages there are, in which order, and how their Markdown becomes pages. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type DefaultTheme, defineConfig } from "vitepress";
import { inlinePictures } from "./markdown/pictures.ts";
import { leadOut } from "./markdown/links.ts";
import { liveBlocks } from "./markdown/live.ts";
import { slugOf } from "./markdown/slug.ts";
import { plainEmptyHeads } from "./markdown/table-heads.ts";
import { topics } from "./reference/topics.ts";

const docs = fileURLToPath(new URL("..", import.meta.url));
const exists = (page: string): boolean => existsSync(`${docs}${page}.md`);

type Entry = readonly [text: string, page: string];

/** The pages of a group that are there. */
const group = (text: string, entries: readonly Entry[]): DefaultTheme.SidebarItem => ({
  text,
  items: entries.filter(([, page]) => exists(page)).map(([name, page]) => ({ text: name, link: `/${page}` })),
});

const sidebar: DefaultTheme.SidebarItem[] = [
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
  ]),
  group("The parts", [
    ["The graph and its State", "graph-and-state"],
    ["Filters", "filters"],
    ["Modes", "modes"],
    ["Memory", "memory"],
    ["Random numbers", "random"],
    ["Gradients, kernel by kernel", "gradients"],
    ["Backends", "backends"],
    ["Export", "export"],
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
const reference: DefaultTheme.SidebarItem[] = [
  group("Reference", [
    ["All names", "reference/index"],
    ...topics().map(({ title, slug }): Entry => [title, `reference/${slug}`]),
  ]),
];

const source = fileURLToPath(new URL("../../", import.meta.url));

export default defineConfig({
  title: "nnxjs",
  description: "Flax NNX for TypeScript, on tensorflow.js",
  lang: "en",
  base: process.env.NNXJS_DOCS_BASE ?? "/",
  srcExclude: ["node_modules/**", "**/README.md"],
  cleanUrls: false,
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: {
    anchor: { slugify: slugOf },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config: (md) => {
      leadOut(md);
      inlinePictures(md);
      liveBlocks(md);
      plainEmptyHeads(md);
    },
  },
  themeConfig: {
    nav: [
      { text: "Start", link: "/start" },
      { text: "Guides", link: "/train" },
      { text: "Reference", link: "/reference/" },
      { text: "Benchmarks", link: "/performance" },
    ],
    sidebar: { "/reference/": reference, "/": sidebar },
    // The index is a file of the site: no network, no other server.
    search: { provider: "local" },
    outline: [2, 3],
    socialLinks: [{ icon: "github", link: "https://github.com/nnxjs/nnxjs" }],
  },
  vite: {
    // Examples run on the sources, without a build.
    resolve: { conditions: ["@nnxjs/source", "module", "browser", "development|production"] },
    server: { fs: { allow: [source] } },
    build: { chunkSizeWarningLimit: 4000, target: "es2022" },
    esbuild: { target: "es2022" },
    optimizeDeps: { esbuildOptions: { target: "es2022" } },
  },
});
