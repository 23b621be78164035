import "@tensorflow/tfjs-backend-cpu";
import { mkdirSync, writeFileSync } from "node:fs";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { chromium } from "playwright-core";
import { inspect, Recorder } from "../src/index.ts";
import { imagesOf, lossOf, Subject } from "./subject.ts";

await tf.setBackend("cpu");
const model = new Subject({ rngs: new nnx.Rngs(0) });
const { x, labels } = imagesOf(24);
const optimizer = new nnx.Optimizer(model, nnx.adam(3e-3), { wrt: nnx.Param });
const recorder = new Recorder(model, { every: 1 });
const look = nnx.captureGradients(lossOf, { methodOutputs: true, keepUpdates: true });
for (let i = 0; i < 60; i++) {
  const captured = look(model, x, labels);
  optimizer.update(model, captured.gradients);
  recorder.record({ scalars: { loss: captured.loss }, captured });
  nnx.dispose(captured);
}
const captured = nnx.captureGradients(lossOf, { methodOutputs: true })(model, x, labels);
const samples = nnx.sample(model, x, 100, { key: nnx.random.key(1), outputs: "logits" });
const report = await inspect(model, {
  title: "A small image classifier",
  captured,
  input: x,
  history: recorder,
  predictions: { samples, labels: labels.dataSync(), inputs: { data: x.dataSync(), shape: [24, 8, 8] } },
});
const html = await report.toHTML();
console.log("bytes", html.length, recorder.stateSteps.length);
mkdirSync("/tmp/inspect", { recursive: true });
writeFileSync("/tmp/inspect/report.html", html);
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
for (const scheme of ["light", "dark"] as const) {
  const page = await browser.newPage({ viewport: { width: 1360, height: 900 }, colorScheme: scheme });
  page.on("pageerror", (e) => console.log("ERR", e.message, e.stack));
  page.on("console", (m) => console.log("log", m.text()));
  await page.goto("file:///tmp/inspect/report.html");
  await page.waitForSelector("[role=tab]");
  console.log("ready", await page.evaluate(() => document.documentElement.dataset.ready));
  for (const tab of await page.locator("[role=tab]").all()) {
    const name = (await tab.textContent())!.replace(" ", "-");
    await tab.click();
    if (name === "Model") await page.locator("[role=treeitem] .name", { hasText: "kernel" }).first().click();
    await page.waitForTimeout(300);
    await page.screenshot({ path: `/tmp/inspect/${name}-${scheme}.png`, fullPage: name !== "Model" });
  }
}
await browser.close();
