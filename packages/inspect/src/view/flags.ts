/** @file What a summary found noteworthy. */
import type { FlagData } from "../format/report-data.ts";
import { h } from "./dom.ts";
import { pathText } from "./format.ts";

export const flagList = (flags: readonly FlagData[]): HTMLElement =>
  h(
    "ul",
    { class: "flag-list" },
    ...flags.map(({ kind, path, message, advice }) =>
      h("li", {}, h("strong", {}, `⚑ ${kind}`), ` ${pathText(path)} — ${message} `, h("em", {}, advice)),
    ),
  );
