/** @file Reports in a real Chromium: what is seen, the keyboard, and axe-core. Skipped where there is none. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as nnx from "@nnxjs/nnx";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { violationsOn } from "../../../../scripts/browser/axe.ts";
import { chromiumPath, drawn, launch, openReport, pictureAfter, pictureOn } from "../../test/chromium.ts";
import { imagesOf, lossOf, Subject } from "../../test/subject.ts";
import { inspect } from "../inspect.ts";
import { writeReport } from "../node/index.ts";
import { Recorder } from "../recorder/recorder.ts";

const executable = chromiumPath();
const folder = mkdtempSync(join(tmpdir(), "nnx-inspect-"));
let browser: Browser;
let page: Page;
let errors: string[] = [];
let asked: string[] = [];

const tabs = ["Model", "Layers", "Run", "Attention", "Predictions", "Random streams"];
const flag = {
  kind: "dead",
  path: ["encoder", "forward"],
  where: "outputs",
  message: "100 % of the values are 0.",
  advice: "Lower the learning rate.",
};

/** A model that trained for a few steps, with all that a report can have. */
async function report(): Promise<string> {
  const model = new Subject({ rngs: new nnx.Rngs(0) });
  const { x, labels } = imagesOf(6);
  const recorder = new Recorder(model, { every: 1 });
  const optimizer = new nnx.Optimizer(model, nnx.adam(3e-3), { wrt: nnx.Param });
  const look = nnx.captureGradients(lossOf, { methodOutputs: true, keepUpdates: true });
  for (let step = 0; step < 4; step++) {
    const captured = look(model, x, labels);
    optimizer.update(model, captured.gradients);
    recorder.record({ scalars: { loss: captured.loss }, captured });
    nnx.dispose(captured);
  }
  const captured = nnx.captureGradients(lossOf, { methodOutputs: true })(model, x, labels);
  const samples = nnx.sample(model, x, 10, { key: nnx.random.key(1), outputs: "logits" });
  const made = await inspect(model, {
    title: "A <test> & more",
    captured,
    input: x,
    history: recorder,
    predictions: { samples, labels: labels.dataSync(), inputs: { data: x.dataSync(), shape: [6, 8, 8] } },
  });
  nnx.dispose([captured, model, optimizer, x, labels]);
  recorder.dispose();
  const withFlag = { ...made.data, flags: [flag] };
  return writeReport(
    join(folder, "report.html"),
    Object.assign(Object.create(made), { data: withFlag }) as typeof made,
  );
}

const textOfClipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

/** The element that has the focus, in a few words. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const { activeElement: at } = document;
    const text = [...(at?.childNodes ?? [])]
      .filter((each) => !(each instanceof Element && each.ariaHidden === "true"))
      .map(({ textContent }) => textContent);
    return `${at?.getAttribute("role") ?? at?.tagName.toLowerCase()}: ${text.join("")}`;
  });

if (executable === undefined)
  it("in a browser: nothing was tried, for there is no Chromium (NNXJS_CHROMIUM names it)", () => {
    expect(executable).toBeUndefined();
  });
else
  describe("a report in Chromium", () => {
    beforeAll(async () => {
      const [opened, file] = await Promise.all([launch(executable), report()]);
      browser = opened;
      ({ page, errors, asked } = await openReport(browser, file));
    });
    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it("shows all tabs without an error and without the network", async () => {
      expect(await page.title()).toBe("A <test> & more");
      expect(await page.locator("h1").textContent()).toBe("A <test> & more");
      expect(await page.getByRole("tab").allTextContents()).toEqual(tabs);
      for (const tab of tabs) {
        await page.getByRole("tab", { name: tab }).click();
        expect(await page.getByRole("tabpanel").textContent()).not.toBe("");
      }
      expect(errors).toEqual([]);
      expect(asked).toEqual([]);
    });

    it.each(["light", "dark"] as const)("axe-core finds no violation, %s", async (scheme) => {
      await page.emulateMedia({ colorScheme: scheme });
      for (const tab of tabs) {
        await goTo(tab);
        if (tab === "Model") await part("kernel").click();
        // In the dark only colours differ.
        const rules = scheme === "dark" ? ["color-contrast"] : undefined;
        expect([tab, await violationsOn(page, rules)]).toEqual([tab, []]);
      }
    });

    const goTo = (tab: string): Promise<void> => page.getByRole("tab", { name: tab }).click();
    const part = (name: string) => page.locator('[role="treeitem"]:visible .name', { hasText: name }).first();
    const output = (): Promise<string | null> => page.locator(".time output").textContent();

    it("is a tree for the keyboard: arrows, Home and End, typing, Enter, c and v", async () => {
      await goTo("Model");
      await page.getByRole("treeitem").first().focus();
      const press = async (...keys: string[]): Promise<string> => {
        for (const key of keys) await page.keyboard.press(key);
        return focused(page);
      };
      expect(await press("Home", "ArrowDown")).toMatch(/^treeitem: attention MultiHeadAttention/);
      expect(await press("ArrowLeft", "ArrowDown")).toMatch(/^treeitem: blocks Array/);
      expect(await press("ArrowRight", "ArrowRight")).toMatch(/^treeitem: bias Param \[48\]/);
      expect(await press("ArrowLeft")).toMatch(/^treeitem: 0 Linear shared part ◆ 2/);
      expect(await press("k")).toMatch(/^treeitem: kernel Param \[48, 48\]/);
      await press("c");
      await expect.poll(() => textOfClipboard(page)).toBe("model.blocks[0].kernel");
      await press("v");
      await expect.poll(() => textOfClipboard(page)).toMatch(/^\[/);
      const values = JSON.parse(await textOfClipboard(page)) as number[][];
      expect([values.length, values[0]?.length]).toEqual([48, 48]);
      await press("Enter");
      expect(await page.getByRole("heading", { name: "blocks.0.kernel" }).count()).toBe(1);
      expect(await press("End")).toMatch(/^treeitem: tied Linear shared part ◆ 2/);
      expect(await press("Home")).toMatch(/^treeitem: model Subject/);
    });

    it("reaches everything by Tab", async () => {
      await goTo("Model");
      await part("kernel").click();
      await page.evaluate(() => {
        document.addEventListener("focusin", ({ target }) =>
          (target as Element).removeAttribute("data-unmet"),
        );
      });
      for (const tab of tabs) {
        await goTo(tab);
        const count = await page.evaluate(() => {
          for (const each of document.querySelectorAll("details")) each.open = true;
          const stops =
            "button, select, input, summary, canvas[tabindex], .plot, .scroll, [role=listbox], [role=treeitem]";
          const wanted = [...document.querySelectorAll<HTMLElement>(stops)].filter(
            (each) => each.checkVisibility() && !each.matches("[tabindex='-1'], :disabled"),
          );
          for (const each of wanted) each.dataset.unmet = "";
          const heading = document.querySelector("h1") as HTMLElement;
          heading.tabIndex = -1;
          heading.focus();
          return wanted.length;
        });
        for (let i = 0; i < count + 6; i++) await page.keyboard.press("Tab");
        const unmet = await page
          .locator("[data-unmet]")
          .evaluateAll((all) => all.map(({ outerHTML }) => outerHTML));
        expect([tab, unmet]).toEqual([tab, []]);
      }
    });

    it("shows any step, and the difference of two", async () => {
      await goTo("Model");
      await part("kernel").click();
      const canvas = page.locator("canvas").first();
      await drawn(canvas);
      const now = await pictureOn(canvas);
      await page.getByRole("slider", { name: "Step", exact: true }).focus();
      await page.keyboard.press("Home");
      expect(await output()).toMatch(/^step 0, loss \d/);
      const first = await pictureAfter(canvas, now);
      await page.getByRole("checkbox").check();
      expect(await output()).toMatch(/^step 0 − step 0/);
      const none = await pictureAfter(canvas, first);
      await page.keyboard.press("Tab");
      await page.keyboard.press("ArrowRight");
      expect(await output()).toMatch(/^step 0 − step 1/);
      expect(new Set([now, first, none, await pictureAfter(canvas, none)]).size).toBe(4);
    });

    it("draws shared parts and cycles, and leads from one place to the other", async () => {
      await goTo("Model");
      await expect.poll(() => page.locator(".arcs path").count()).toBe(2);
      await part("tied").click();
      await page.getByRole("button", { name: "model.blocks[0]", exact: true }).click();
      expect(await page.getByRole("heading", { level: 2 }).first().textContent()).toBe("blocks.0");
      expect(await focused(page)).toMatch(/^treeitem: 0 Linear/);
    });

    it("marks flags in the tree, at the layers, and in their table", async () => {
      await goTo("Model");
      expect(
        await page
          .locator('[role="treeitem"]', { hasText: "encoder" })
          .locator(".flags")
          .first()
          .textContent(),
      ).toBe(" ⚑ 1 flag");
      await page.getByRole("tab", { name: "Layers" }).click();
      expect(await page.locator(".flag-list:visible").textContent()).toContain(
        "encoder.forward — 100 % of the values are 0.",
      );
      const row = page.locator("tr", {
        has: page.getByRole("button", { name: "encoder.forward", exact: true }),
      });
      expect(await row.locator("td").last().textContent()).toBe("dead");
    });

    it("reads cells of a picture and zooms to their values", async () => {
      await goTo("Model");
      await page.getByRole("checkbox").uncheck();
      await page.getByRole("slider", { name: "Step", exact: true }).press("End");
      expect(await output()).toBe("now");
      await part("kernel").click();
      const canvas = page.locator(".details canvas").first();
      await drawn(canvas);
      await canvas.focus();
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      const readout = page.locator(".details .heat-map .readout").first();
      expect(await readout.textContent()).toMatch(/^\[0, (?:0, )?1\] {2}-?0\.\d/);
      const before = await pictureOn(canvas);
      await page.keyboard.press("+");
      await pictureAfter(canvas, before);
    });
  });
