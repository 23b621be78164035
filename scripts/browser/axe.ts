/** @file What axe-core finds on a page. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type Axe from "axe-core";
import type { Page } from "playwright-core";

const script = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What is evaluated in a page. */
interface WithAxe {
  readonly axe?: typeof Axe;
}

/**
 * The violations on a page as it is now, each with the HTML that it is about.
 * @param rules - The rules to hold it to. @defaultValue all
 */
export async function violationsOn(page: Page, rules?: readonly string[]): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(script);
  const { violations } = await page.evaluate(
    (runOnly) =>
      (globalThis as WithAxe).axe!.run(document, {
        resultTypes: ["violations"],
        ...(runOnly && { runOnly: [...runOnly] }),
      }),
    rules,
  );
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`,
  );
}
