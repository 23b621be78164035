/** @file VitePress's own theme with the reader's fonts, examples that run and the colours of pictures. */
import { type Theme, useRoute } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import { nextTick, onMounted, watch } from "vue";
import LiveCode from "./LiveCode.vue";
import "./style.css";

/**
 * What VitePress's theme leaves out: the search button is called what it shows, and the first page has
 * a main part.
 */
function nameForScreenReaders(): void {
  for (const button of document.querySelectorAll(".DocSearch-Button")) button.removeAttribute("aria-label");
  const content = document.querySelector("#VPContent");
  if (content?.classList.contains("is-home")) content.setAttribute("role", "main");
  else content?.removeAttribute("role");
}

export default {
  extends: DefaultTheme,
  setup() {
    const route = useRoute();
    onMounted(() => {
      nameForScreenReaders();
      // See `first-touch.js`.
      dispatchEvent(new Event("nnxjs-started"));
    });
    watch(
      () => route.path,
      () => void nextTick(nameForScreenReaders),
    );
  },
  enhanceApp({ app }) {
    app.component("LiveCode", LiveCode);
  },
} satisfies Theme;
