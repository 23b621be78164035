/** @file Pages start their program when it is needed, and not while a telephone still shows them. */
import { readFileSync } from "node:fs";

const firstTouch = readFileSync(new URL("first-touch.js", import.meta.url), "utf8").replace(
  /^\s*\/\/.*\n/gm,
  "",
);

/** A page of the site whose program starts later. */
export function startLater(html: string): string {
  const program = /<script type="module" src="([^"]+)"><\/script>/.exec(html);
  if (program === null) throw new Error("start-later: expected a page with a program, got none.");
  const parts = Array.from(html.matchAll(/<link rel="modulepreload" href="([^"]+)">/g), ([, part]) => part);
  return (
    html
      .replace(
        program[0],
        `<script data-program="${program[1]}" data-parts="${parts.join(" ")}">${firstTouch}</script>`,
      )
      // What the theme leaves out, and `theme/index.ts` does again on other pages.
      .replace(/(<button[^>]* class="DocSearch[^>]*?) aria-label="[^"]*"/g, "$1")
      .replace(/<div class="VPContent is-home"/, '$& role="main"')
      .replaceAll('<link rel="modulepreload"', '<link rel="modulepreload" media="(min-width: 1280px)"')
  );
}
