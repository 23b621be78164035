/** @file The site: which pages there are, in which order, and how their Markdown becomes pages. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { fewerElements } from "./markdown/code.ts";
import { inlinePictures } from "./markdown/pictures.ts";
import { leadOut } from "./markdown/links.ts";
import { liveBlocks } from "./markdown/live.ts";
import { slugOf } from "./markdown/slug.ts";
import { plainEmptyHeads } from "./markdown/table-heads.ts";
import { startLater } from "./start-later.ts";
import { reference, sidebar } from "./sidebar.ts";

const source = fileURLToPath(new URL("../../", import.meta.url));

/** GitHub's mark. A named icon would need a style sheet of its own, and be looked up in the page. */
const github =
  '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 0a8 8 0 0 0-2.53 15.59c.4.07.55-.17.55-.38v-1.49C3.78 14.21 3.31 12.74 3.31 12.74a2.1 2.1 0 0 0-.9-1.18c-.72-.5.06-.49.06-.49a1.7 1.7 0 0 1 1.23.83 1.72 1.72 0 0 0 2.35.67 1.73 1.73 0 0 1 .51-1.08c-1.78-.2-3.64-.89-3.64-3.95a3.1 3.1 0 0 1 .82-2.15 2.87 2.87 0 0 1 .08-2.12s.67-.21 2.2.82a7.6 7.6 0 0 1 4 0c1.53-1.04 2.2-.82 2.2-.82a2.87 2.87 0 0 1 .08 2.12 3.08 3.08 0 0 1 .82 2.15c0 3.07-1.87 3.75-3.65 3.95a1.9 1.9 0 0 1 .54 1.48v2.2c0 .21.15.46.55.38A8 8 0 0 0 8 0z"/></svg>';

export default defineConfig({
  title: "nnxjs",
  description: "Flax NNX for TypeScript, on tensorflow.js",
  lang: "en",
  base: process.env.NNXJS_DOCS_BASE ?? "/",
  srcExclude: ["node_modules/**", "**/README.md"],
  cleanUrls: false,
  // Holding transitions back makes the browser work out every style of a page twice, at its start.
  appearance: { disableTransition: false },
  // Fetching every page in sight costs a reader's telephone more than it saves.
  router: { prefetchLinks: false },
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: {
    anchor: { slugify: slugOf },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    codeTransformers: [fewerElements],
    config: (md) => {
      leadOut(md);
      inlinePictures(md);
      liveBlocks(md);
      plainEmptyHeads(md);
    },
  },
  transformHtml: startLater,
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
    socialLinks: [{ icon: { svg: github }, ariaLabel: "GitHub", link: "https://github.com/nnxjs/nnxjs" }],
  },
  vite: {
    // Examples run on the sources, without a build.
    resolve: {
      conditions: ["@nnxjs/source", "module", "browser", "development|production"],
      alias: { "@docsearch/css": fileURLToPath(new URL("theme/search-button.css", import.meta.url)) },
    },
    server: { fs: { allow: [source] } },
    build: { chunkSizeWarningLimit: 4000, target: "es2022" },
    esbuild: { target: "es2022" },
    optimizeDeps: { esbuildOptions: { target: "es2022" } },
  },
});
