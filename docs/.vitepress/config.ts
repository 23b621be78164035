/** @file The site: which pages there are, in which order, and how their Markdown becomes pages. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { inlinePictures } from "./markdown/pictures.ts";
import { leadOut } from "./markdown/links.ts";
import { liveBlocks } from "./markdown/live.ts";
import { slugOf } from "./markdown/slug.ts";
import { plainEmptyHeads } from "./markdown/table-heads.ts";
import { reference, sidebar } from "./sidebar.ts";

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
