/** @file Opens reports in Chromium. */
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { expect } from "vitest";
import { plainArguments } from "../../../scripts/browser/chromium.ts";

export { chromiumPath } from "../../../scripts/browser/chromium.ts";

export const launch = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: [...plainArguments, "--disable-gpu"] });

/** Opens a file of a report. Errors of the page, and all that it asks the network for, are listed. */
export async function openReport(
  browser: Browser,
  file: string,
  colorScheme: "light" | "dark" = "light",
): Promise<{ page: Page; errors: string[]; asked: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const errors: string[] = [];
  const asked: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("request", (request) => {
    if (request.url() !== `file://${file}`) asked.push(request.url());
  });
  await page.goto(`file://${file}`);
  await page.waitForSelector("html[data-ready]");
  return { page, errors, asked };
}

/** The picture on a canvas. */
export const pictureOn = (canvas: Locator): Promise<string> =>
  canvas.evaluate((each) => (each as HTMLCanvasElement).toDataURL());

/** Waits until a picture of a tensor is drawn: it is when the browser has told the page that it is seen. */
export const drawn = (canvas: Locator): Promise<void> =>
  expect.poll(() => canvas.getAttribute("aria-label")).toMatch(/^[^.]/);

/** Waits for another picture than one. @returns it */
export async function pictureAfter(canvas: Locator, before: string): Promise<string> {
  await expect.poll(() => pictureOn(canvas)).not.toBe(before);
  return pictureOn(canvas);
}
