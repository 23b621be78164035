/** @file VitePress's own theme, with examples that run and the colours of pictures. */
import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import LiveCode from "./LiveCode.vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component("LiveCode", LiveCode);
  },
} satisfies Theme;
