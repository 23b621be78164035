/** @file The page in a real Chromium: what is seen, the keyboard, and axe-core. Skipped where there is none. */
import type { Browser, Locator, Page } from "playwright-core";
import type { PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { violationsOn } from "../../../scripts/browser/axe.ts";
import { chromiumPath } from "../../../scripts/browser/chromium.ts";
import { addressOf, launch, openPage, servePage } from "./page.ts";

const executable = chromiumPath();
let server: PreviewServer;
let browser: Browser;
let page: Page;
let errors: string[] = [];

const panel = (id: string): Locator => page.locator(`#${id}`);
const moment = async (id: string): Promise<string> =>
  (await panel(id).locator(".moment").textContent()) ?? "";
const lossOf = (text: string): number => Number(/loss (\S+)/.exec(text)?.[1]);
/**
 * What a model loses that knows nothing: all ten digits are as likely. The first loss that the page shows
 * is no measure, since training may be far ahead when it is read.
 */
const GUESSING = Math.log(10);
const stepOf = (text: string): number => Number(/step (\d+)/.exec(text)?.[1]);

/** Waits until the training has come so far. */
const reach = (id: string, step: number): Promise<void> =>
  expect.poll(async () => stepOf(await moment(id)), { timeout: 40_000 }).toBeGreaterThanOrEqual(step);
/** Waits until it is paused. @returns the step */
async function paused(id: string): Promise<number> {
  await panel(id).getByRole("button", { name: "Pause" }).click();
  const step = stepOf(
    (await panel(id)
      .getByText(/^paused at step/)
      .textContent()) ?? "",
  );
  // What came before the pause is still drawn.
  await expect.poll(async () => stepOf(await moment(id))).toBe(step);
  return step;
}

/** Goes back to the beginning of a training that is paused. */
async function rewind(id: string): Promise<void> {
  const slider = panel(id).getByRole("slider", { name: "Moment" });
  // It has moments once the worker has told of the pause.
  await expect.poll(() => slider.inputValue()).not.toBe("0");
  await slider.press("Home");
  await expect.poll(async () => stepOf(await moment(id))).toBe(0);
}

if (executable === undefined)
  it("in a browser: nothing was tried, for there is no Chromium (NNXJS_CHROMIUM names it)", () => {
    expect(executable).toBeUndefined();
  });
else
  describe("the live page in Chromium", () => {
    beforeAll(async () => {
      [browser, server] = await Promise.all([launch(executable), servePage()]);
      ({ page, errors } = await openPage(browser, addressOf(server)));
    });
    afterAll(async () => {
      await browser?.close();
      await server?.close();
    });

    it("trains the digits on wasm: the loss falls, and weights and doubt are seen", async () => {
      await panel("digits").getByLabel("Speed").selectOption("as fast as it can");
      await reach("digits", 60);
      const stopped = await paused("digits");
      expect(lossOf(await moment("digits"))).toBeLessThan(0.7 * GUESSING);
      expect(await page.locator("#digits .training").getAttribute("data-backend")).toBe("wasm");
      expect(
        await panel("digits")
          .getByText(/\d % of known digits right/)
          .count(),
      ).toBe(1);
      const colors = await panel("digits")
        .getByRole("img", { name: /^Weights of the hidden/ })
        .evaluate((each) => {
          const canvas = each as HTMLCanvasElement;
          const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? {};
          return [canvas.width, new Set(new Uint32Array(data?.buffer as ArrayBuffer)).size];
        });
      expect(colors[0]).toBe(128);
      expect(colors[1]).toBeGreaterThan(20);
      // A pause is one.
      expect(stepOf(await moment("digits"))).toBe(stopped);
    });

    it("tells what a drawing looks like: by mouse, by keyboard, and from the data", async () => {
      const spread = panel("digits").getByRole("img", { name: /^Mean probability of each class in 100/ });
      const said = (): Promise<string | null> => spread.getAttribute("aria-label");
      const changed = async (act: () => Promise<void>): Promise<void> => {
        const before = await said();
        await act();
        await expect.poll(said).not.toBe(before);
      };
      const pad = panel("digits").getByRole("application");
      await changed(() => panel("digits").getByRole("button", { name: "Clear" }).click());
      await changed(async () => {
        const { x, y } = (await pad.boundingBox()) as { x: number; y: number };
        await page.mouse.move(x + 110, y + 20);
        await page.mouse.down();
        await page.mouse.move(x + 110, y + 200, { steps: 6 });
        await page.mouse.up();
      });
      // One hundred passes of eight classes, each a point in the row of its class.
      const shares = [...((await said()) ?? "").matchAll(/\d: ([\d.e-]+)/g)].map(([, share]) =>
        Number(share),
      );
      expect(shares).toHaveLength(8);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 1);
      expect(
        await panel("digits")
          .getByText(/^Looks like \d, with \d+ %$/)
          .count(),
      ).toBe(1);
      expect(await panel("digits").getByText("EU, doubt").count()).toBe(1);
      await changed(() => panel("digits").getByRole("button", { name: "An 8 or 9" }).click());
      await pad.focus();
      await changed(() => page.keyboard.press("Delete"));
      await changed(async () => {
        for (const key of [" ", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", " "])
          await page.keyboard.press(key);
      });
      expect(await panel("digits").getByText("row 5, column 5, pen up").count()).toBe(1);
    });

    it("goes back in time, takes another rate, and goes on; what had come before is dashed", async () => {
      const now = stepOf(await moment("digits"));
      await rewind("digits");
      await panel("digits").getByLabel("Learning rate").selectOption("0");
      await panel("digits").getByRole("button", { name: "Step", exact: true }).click();
      await expect.poll(async () => stepOf(await moment("digits"))).toBe(1);
      const still = lossOf(await moment("digits"));
      await panel("digits").getByRole("button", { name: "Play" }).click();
      await reach("digits", 10);
      expect(await paused("digits")).toBeLessThan(100 * now);
      expect(lossOf(await moment("digits"))).toBeGreaterThan(0.6 * still);
      await panel("digits").getByLabel("Learning rate").selectOption("0.01");
      await panel("digits").getByLabel("Weights dropped").selectOption("10 %");
      const before = stepOf(await moment("digits"));
      await panel("digits").getByRole("button", { name: "Play" }).click();
      await reach("digits", before + 20);
      await paused("digits");
      expect(lossOf(await moment("digits"))).toBeLessThan(0.6 * still);
    });

    it("makes a report of the moment", async () => {
      await panel("digits").getByRole("button", { name: "Report of this moment" }).click();
      const link = panel("digits").getByRole("link", { name: /Open the report/ });
      const html = await link.evaluate(async (each) =>
        (await fetch((each as HTMLAnchorElement).href)).text(),
      );
      expect(html).toMatch(/^<!doctype html>/i);
      expect(html).toContain("The digits model");
    });

    it("trains the decoder, and answers questions", async () => {
      await page.getByRole("tab", { name: "Digits" }).focus();
      await page.keyboard.press("ArrowRight");
      await reach("sequences", 1);
      const heads = panel("sequences").getByRole("img", { name: /^block 1, head 1: mostly/ });
      const attention = (): Promise<string> =>
        heads.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
      const wrong = panel("sequences").locator("tbody .wrong");
      await heads.waitFor();
      await paused("sequences");
      await rewind("sequences");
      // Of 36 digits: 30 at the beginning, and none from step 37 on.
      await expect.poll(() => wrong.count()).toBeGreaterThan(20);
      const before = await attention();
      await panel("sequences").getByRole("button", { name: "Play" }).click();
      await reach("sequences", 60);
      await paused("sequences");
      expect(lossOf(await moment("sequences"))).toBeLessThan(0.1 * GUESSING);
      await expect.poll(() => wrong.count()).toBe(0);
      await expect.poll(attention).not.toBe(before);
      expect(
        await panel("sequences")
          .getByRole("img", { name: /^block \d, head \d: mostly/ })
          .count(),
      ).toBe(8);
      await panel("sequences")
        .getByLabel(/Your question/)
        .fill("271828");
      await panel("sequences").getByRole("cell", { name: "2 7 1 8 2 8" }).waitFor();
      await panel("sequences").getByLabel("Task").selectOption("sort the digits");
    });

    it.each(["light", "dark"] as const)("axe-core finds no violation, %s", async (scheme) => {
      await page.emulateMedia({ colorScheme: scheme });
      // In the dark only colours differ.
      const rules = scheme === "dark" ? ["color-contrast"] : undefined;
      for (const tab of ["Digits", "Sequences"]) {
        await page.getByRole("tab", { name: tab }).click();
        expect([tab, await violationsOn(page, rules)]).toEqual([tab, []]);
      }
    });

    it("reaches everything by Tab", async () => {
      for (const tab of ["Digits", "Sequences"]) {
        await page.getByRole("tab", { name: tab }).click();
        const count = await page.evaluate(() => {
          const stops = "button, select, input, a, [tabindex]";
          const wanted = [...document.querySelectorAll<HTMLElement>(stops)].filter(
            (each) => each.checkVisibility() && !each.matches("[tabindex='-1']"),
          );
          for (const each of wanted) {
            each.dataset.unmet = "";
            each.addEventListener("focus", () => delete each.dataset.unmet);
          }
          (document.activeElement as HTMLElement | null)?.blur();
          return wanted.length;
        });
        for (let i = 0; i < count + 3; i++) await page.keyboard.press("Tab");
        const unmet = await page
          .locator("[data-unmet]")
          .evaluateAll((all) => all.map(({ outerHTML }) => outerHTML.slice(0, 80)));
        expect([tab, unmet]).toEqual([tab, []]);
      }
    });

    it("had no error, and asked no other server", () => {
      expect(errors).toEqual([]);
    });

    it("trains on cpu where the backend's WebAssembly does not come", async () => {
      const { page: other } = await openPage(browser, addressOf(server), { blocked: "**/*.wasm" });
      const training = other.locator("#digits .training");
      const read = async (name: string): Promise<string | null> => training.getAttribute(`data-${name}`);
      await expect.poll(() => read("backend")).toBe("cpu");
      expect(await other.getByText("on cpu").count()).toBe(1);
      await expect.poll(async () => Number(await read("step"))).toBeGreaterThan(5);
      const spread = other.getByRole("img", { name: /^Mean probability of each class in 100/ });
      await other.getByRole("button", { name: "An 8 or 9" }).click();
      await spread.waitFor();
      expect(await other.locator(".alert").textContent()).toBe("");
      await other.close();
    });
  });
