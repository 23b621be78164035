/** @file Reports of models that were not made for the page, in a real Chromium. Skipped where there is none. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as nnx from "@nnxjs/nnx";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { violationsOn } from "../../../../scripts/browser/axe.ts";
import { chromiumPath, drawn, launch, openReport, pictureAfter, pictureOn } from "../../test/chromium.ts";
import { type Other, others } from "../../test/other-models.ts";
import type { ReportData } from "../format/report-data.ts";
import { inspect } from "../inspect.ts";
import { writeReport } from "../node/index.ts";

const executable = chromiumPath();

/** Writes the report of a model. */
async function reportOf(
  name: keyof typeof others,
  folder: string,
): Promise<{ data: ReportData; file: string }> {
  const { model, input, look, predictions }: Other = others[name]();
  const captured = look();
  const report = await inspect(model, {
    title: name,
    captured,
    input,
    ...(predictions && { predictions: predictions() }),
  });
  nnx.dispose([model, captured, input]);
  return { data: report.data, file: await writeReport(join(folder, "report.html"), report) };
}

/** Presses a key on each row of the tree. @returns what was copied */
async function copyFromEachRow(page: Page, key: string, rows: number): Promise<string[]> {
  await page.evaluate(() => {
    const copied: string[] = [];
    Object.assign(globalThis, { copied });
    navigator.clipboard.writeText = async (text) => void copied.push(text);
  });
  await page.getByRole("treeitem").first().focus();
  await page.keyboard.press("Home");
  for (let i = 0; i < rows; i++) {
    await page.keyboard.press(key);
    await page.keyboard.press("ArrowDown");
  }
  return page.evaluate(() => (globalThis as unknown as { copied: string[] }).copied);
}

if (executable === undefined)
  it("in a browser: nothing was tried, for there is no Chromium (NNXJS_CHROMIUM names it)", () => {
    expect(executable).toBeUndefined();
  });
else {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch(executable);
  });
  afterAll(() => browser?.close());

  describe.each(["a transformer with a shared embedding", "a cyclic graph", "a GRU", "an ensemble"] as const)(
    "the page of %s",
    (name) => {
      const folder = mkdtempSync(join(tmpdir(), "nnx-inspect-"));
      let page: Page;
      let errors: string[] = [];
      let data: ReportData;
      beforeAll(async () => {
        const report = await reportOf(name, folder);
        ({ data } = report);
        ({ page, errors } = await openReport(browser, report.file));
      });
      afterAll(async () => {
        await page?.context().close();
        rmSync(folder, { recursive: true, force: true });
      });
      const goTo = (tab: string): Promise<void> => page.getByRole("tab", { name: tab }).click();

      it("copies the code of every row, and values that are the tensor's", async () => {
        await goTo("Model");
        const rows = page.getByRole("treeitem");
        await rows.first().focus();
        // Each level that is opened shows the next one.
        for (let i = 0; i < data.tree.length; i++) {
          await page.keyboard.press("*");
          await page.keyboard.press("ArrowDown");
        }
        expect(await rows.filter({ visible: true }).count()).toBe(data.tree.length);
        expect(await copyFromEachRow(page, "c", data.tree.length)).toEqual(data.tree.map(({ code }) => code));
        const copied = await copyFromEachRow(page, "v", data.tree.length);
        const tensors = data.tensors.filter(({ where, picture }) => where === "parameters" && picture.exact);
        expect(tensors.length).toBeGreaterThan(4);
        for (const { picture, code } of tensors) {
          const wanted = [...(picture.exact ?? [])];
          const found = copied.some((text) => {
            const values = (
              text.startsWith("[") ? (JSON.parse(text) as never[]).flat(9) : [Number(text)]
            ) as number[];
            return (
              values.length === wanted.length &&
              values.every((value, i) => Math.abs(value - (wanted[i] as number)) <= 1e-5 * Math.abs(value))
            );
          });
          expect(found, code).toBe(true);
        }
      });

      it("gives shared parts one colour each, and joins their places by arcs", async () => {
        await goTo("Model");
        const places = await page
          .locator('[role="treeitem"]')
          .evaluateAll((rows) =>
            rows.map((row) => /hue-\d+/.exec(row.querySelector(".shared")?.className ?? "")?.[0]),
          );
        const hues = new Map<number, Set<string | undefined>>();
        const shared = new Set(
          data.tree.filter(({ again }) => again !== undefined).map(({ object }) => object),
        );
        for (const [i, { object }] of data.tree.entries())
          hues.set(object, (hues.get(object) ?? new Set()).add(places[i]));
        for (const [object, seen] of hues) {
          expect(seen.size).toBe(1);
          expect([...seen][0] !== undefined).toBe(shared.has(object));
        }
        expect(new Set([...shared].map((object) => [...(hues.get(object) ?? [])][0])).size).toBe(
          Math.min(6, shared.size),
        );
        await expect.poll(() => page.locator(".arcs path").count()).toBeGreaterThanOrEqual(shared.size);
      });

      it("shows a row of the input beside what each layer made of it, and another one on request", async () => {
        await goTo("Layers");
        const cards = page.locator(".strip .card h3");
        const layers = data.tensors.filter(({ where, of }) => where === "outputs" && of === "value");
        const titles = await cards.allTextContents();
        expect([titles[0], titles.length]).toEqual(["input", 1 + layers.length]);
        const rows = await page.locator(".layers tbody tr").count();
        expect(rows).toBe(layers.length);
        const canvas = page.locator(".strip canvas").first();
        await canvas.scrollIntoViewIfNeeded();
        await drawn(canvas);
        const before = await pictureOn(canvas);
        await page.getByRole("slider", { name: "Row of the batch" }).first().press("ArrowRight");
        await pictureAfter(canvas, before);
        // The chart has a place for each layer.
        const chart = page.locator(".chart-place .plot");
        await chart.focus();
        await page.keyboard.press("End");
        expect(await page.locator(".chart-place .readout").textContent()).toContain(titles.at(-1));
      });

      it("cuts a tensor by axes, and zooms to its values", async () => {
        await goTo("Layers");
        await page.locator(".layers tbody tr button").first().click();
        const card = page.locator(".layers > .cards .card");
        const canvas = card.locator("canvas");
        await canvas.scrollIntoViewIfNeeded();
        await drawn(canvas);
        const small = await pictureOn(canvas);
        for (let i = 0; i < 12; i++) await card.getByRole("button", { name: /^Zoom into/ }).click();
        await pictureAfter(canvas, small);
        await canvas.focus();
        await page.keyboard.press("ArrowRight");
        expect(await card.locator(".readout").first().textContent()).toMatch(/^\[[\d, –]+\] {2}\S/);
        const axes = card.locator("details.axes");
        const isDeep = (data.tensors.find(({ where }) => where === "outputs")?.shape.length ?? 0) > 2;
        expect(await axes.isVisible()).toBe(isDeep);
        if (!isDeep) return;
        await axes.locator("summary").click();
        const before = await pictureOn(canvas);
        await axes.getByLabel("Rows").selectOption({ index: 0 });
        await axes.getByLabel("Columns").selectOption({ index: 1 });
        await pictureAfter(canvas, before);
      });

      it("lists the streams with their keys and counts", async () => {
        await goTo("Random streams");
        const rows = page.locator(".streams tbody tr");
        expect(await rows.count()).toBe(data.streams.length);
        const texts = await rows.allTextContents();
        for (const [i, { words, counts }] of data.streams.entries()) {
          const [first = 0, second = 0] = words;
          expect(texts[i]).toContain(
            [first, second].map((word) => word.toString(16).padStart(8, "0")).join(" "),
          );
          expect(texts[i]).toContain(String(counts[0]));
        }
      });

      it("has attention maps where there is attention", async () => {
        const layers = new Set(
          data.tensors
            .filter(({ path, of }) => path.includes("attention_weights") && of === "value")
            .map(({ path }) => path.join()),
        ).size;
        expect(layers).toBe(name.startsWith("a transformer") ? 2 : 0);
        expect(await page.getByRole("tab", { name: "Attention" }).count()).toBe(Math.min(1, layers));
        if (layers === 0) return;
        await goTo("Attention");
        expect(await page.locator(".attention .card").count()).toBe(layers);
        const canvas = page.locator(".attention canvas").first();
        await drawn(canvas);
        const before = await pictureOn(canvas);
        await page
          .locator(".attention")
          .getByRole("slider", { name: "Row of the batch" })
          .press("ArrowRight");
        await pictureAfter(canvas, before);
      });

      it("has samples where predictions are uncertain: a point for each, and TU = AU + EU", async () => {
        const { predictions } = data;
        expect(await page.getByRole("tab", { name: "Predictions" }).count()).toBe(predictions ? 1 : 0);
        if (!predictions) return;
        await goTo("Predictions");
        const [members, rows, classes] = predictions.shape;
        expect(await page.locator(".predictions [role=option]").count()).toBe(rows);
        expect(await page.locator(".spread .pass").count()).toBe(members * classes);
        for (let row = 0; row < rows; row++)
          expect(predictions.total[row]).toBeCloseTo(
            (predictions.aleatoric[row] as number) + (predictions.epistemic[row] as number),
            5,
          );
        const shown = (): Promise<string | null> => page.locator(".predictions .details").textContent();
        const first = await shown();
        await page.locator(".predictions [role=listbox]").focus();
        await page.keyboard.press("ArrowDown");
        expect(await shown()).not.toBe(first);
      });

      it("has no violation that axe-core finds, and no error", async () => {
        // It takes seconds where there are many layers, and finds the same.
        const tabs = name === "a cyclic graph" || name === "a GRU" ? ["Model", "Layers"] : [];
        for (const tab of tabs) {
          await goTo(tab);
          expect([tab, await violationsOn(page)]).toEqual([tab, []]);
        }
        expect(errors).toEqual([]);
      });
    },
  );
}
