/**
 * @file Pictures of the page: node scripts/run.mjs examples/live/test/screenshots.ts [FOLDER]
 *
 * They are written to examples/live/dist/pictures if nothing else is said.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromiumPath } from "../../../scripts/browser/chromium.ts";
import { addressOf, launch, openPage, servePage } from "./page.ts";

const folder = process.argv[2] ?? fileURLToPath(new URL("../dist/pictures", import.meta.url));
const executable = chromiumPath();
if (!executable) throw new Error("There is no Chromium; NNXJS_CHROMIUM names one.");
const server = await servePage();
mkdirSync(folder, { recursive: true });
const browser = await launch(executable);
try {
  for (const scheme of ["light", "dark"] as const) {
    const { page, errors } = await openPage(browser, addressOf(server), { colorScheme: scheme });
    const after = (id: string, step: number) =>
      page.waitForFunction(
        ([panel, least]) =>
          Number(document.querySelector<HTMLElement>(`#${panel} .training`)?.dataset.step) >= Number(least),
        [id, step] as const,
        { timeout: 120_000 },
      );
    await page.getByLabel("Speed").selectOption("as fast as it can");
    await after("digits", 400);
    await page.getByRole("button", { name: "An 8 or 9" }).click();
    await page.waitForTimeout(1500);
    await page.screenshot({ path: `${folder}/digits-${scheme}.png`, fullPage: true });
    await page.getByRole("tab", { name: "Sequences" }).click();
    await after("sequences", 250);
    await page.waitForTimeout(500);
    await page.screenshot({ path: `${folder}/sequences-${scheme}.png`, fullPage: true });
    await page.close();
    for (const error of errors) console.error(error);
  }
} finally {
  await browser.close();
  await server.close();
}
console.log(folder);
process.exit();
