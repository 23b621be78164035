/**
 * @file Takes the pictures of report pages for the documentation, in Chromium (`NNXJS_CHROMIUM` names
 * it), and writes them to docs/pictures:
 *
 *     node scripts/run.mjs scripts/screenshots.ts
 */
import "@tensorflow/tfjs-backend-cpu";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, Recorder } from "@nnxjs/inspect";
import { writeReport } from "@nnxjs/inspect/node";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { chromiumPath, launch, openReport } from "../packages/inspect/test/chromium.ts";
import { imagesOf, lossOf, Subject } from "../packages/inspect/test/subject.ts";

const SIZE = { width: 1080, height: 680 };
const STEPS = 80;
const ROWS = 24;

const executable = chromiumPath();
if (executable === undefined) throw new Error("screenshots: expected a Chromium. NNXJS_CHROMIUM names it.");

await tf.setBackend("cpu");
const model = new Subject({ rngs: new nnx.Rngs(0) });
const { x, labels } = imagesOf(ROWS);
const optimizer = new nnx.Optimizer(model, nnx.adam(3e-3), { wrt: nnx.Param });
const recorder = new Recorder(model, { every: 1 });
const look = nnx.captureGradients(lossOf, { methodOutputs: true, keepUpdates: true });
for (let step = 0; step < STEPS; step++) {
  const captured = look(model, x, labels);
  optimizer.update(model, captured.gradients);
  recorder.record({ scalars: { loss: captured.loss }, captured });
  nnx.dispose(captured);
}
const captured = nnx.captureGradients(lossOf, { methodOutputs: true })(model, x, labels);
const { flags } = nnx.diagnose(model, lossOf, { optimizer })(x, labels);
const samples = nnx.sample(model, x, 100, { key: nnx.random.key(1), outputs: "logits" });
const report = await inspect(model, {
  title: "A small image classifier",
  captured,
  flags,
  input: x,
  history: recorder,
  predictions: {
    samples,
    labels: labels.dataSync(),
    inputs: { data: x.dataSync(), shape: [ROWS, 8, 8] },
  },
});
const folder = mkdtempSync(join(tmpdir(), "nnx-screenshots-"));
const file = await writeReport(join(folder, "report.html"), report);
const browser = await launch(executable);

/** What is done on a tab before its picture is taken. */
const views: readonly (readonly [name: string, tab: string, part?: string])[] = [
  ["model", "Model", "blocks.1.kernel"],
  ["layers", "Layers"],
  ["run", "Run"],
  ["attention", "Attention"],
  ["predictions", "Predictions"],
];
for (const scheme of ["light", "dark"] as const) {
  const { page, errors } = await openReport(browser, file, scheme);
  await page.setViewportSize(SIZE);
  for (const [name, tab, part] of views) {
    await page.getByRole("tab", { name: tab }).click();
    if (part !== undefined)
      await page.locator(`[role="treeitem"][title="model.${part.replace(".1.", "[1].")}"] .name`).click();
    await page.evaluate(() => scrollTo(0, 0));
    await page.mouse.move(0, 0);
    await page.waitForTimeout(300);
    // One picture of the dark is enough.
    if (scheme === (name === "run" ? "dark" : "light"))
      await page.screenshot({ path: `docs/pictures/inspect-${name}${scheme === "dark" ? "-dark" : ""}.png` });
  }
  if (errors.length > 0) throw new Error(`screenshots: the page had errors.\n${errors.join("\n")}`);
  await page.context().close();
}
await browser.close();
rmSync(folder, { recursive: true });
