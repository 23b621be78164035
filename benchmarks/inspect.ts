/**
 * @file What a report costs: node scripts/run.mjs benchmarks/inspect.ts [STEPS]
 *
 * An MLP of ten million parameters trains on wasm, and every step is recorded, 500 if nothing else is
 * said. Measured are the CPU time of a recorded step against that of a step, the size of the file, and,
 * in Chromium (`NNXJS_CHROMIUM` names it), the time until the page is there and that of moves of the
 * slider until they are painted.
 */
import "@tensorflow/tfjs-backend-wasm";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { inspect, Recorder } from "@nnxjs/inspect";
import { writeReport } from "@nnxjs/inspect/node";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import type { Page } from "playwright-core";
import { chromiumPath, launch, openReport } from "../packages/inspect/test/chromium.ts";
import { median, millisecondsSince } from "./measure.ts";

const WIDTH = 912;
const LAYERS = 12;
const BATCH = 32;
const EVERY = 10;

class Mlp extends nnx.Module {
  readonly layers: readonly nnx.Linear[];
  constructor() {
    super();
    const rngs = new nnx.Rngs(0);
    this.layers = Array.from({ length: LAYERS }, () => new nnx.Linear(WIDTH, WIDTH, { rngs }));
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.layers.reduce((y, layer, i) => layer.forward(i === 0 ? y : (tf.relu(y) as tf.Tensor2D)), x);
  }
}

const steps = Number(process.argv[2] ?? 500);
tf.enableProdMode();
await tf.setBackend("wasm");
const model = new Mlp();
const optimizer = new nnx.Optimizer(model, nnx.adam(1e-4), { wrt: nnx.Param });
const x = nnx.random.normal(nnx.random.key(1), [BATCH, WIDTH]) as tf.Tensor2D;
const loss = (m: Mlp, input: tf.Tensor2D): tf.Scalar =>
  tf.mean(tf.squaredDifference(m.forward(input), input));
const look = nnx.captureGradients(loss, { methodOutputs: true });
const step = nnx.valueAndGrad(loss);

// The cost, without captures: these are the user's.
const times = { step: [] as number[], record: [] as number[] };
const measured = new Recorder(model, { every: 1 });
for (let i = 0; i < 12; i++) {
  const start = process.cpuUsage();
  const [value, gradients] = step(model, x);
  optimizer.update(model, gradients);
  const between = process.cpuUsage();
  const stepTime = millisecondsSince(start);
  measured.record({ scalars: { loss: value }, gradients });
  // The first two compile.
  if (i > 1) {
    times.step.push(stepTime);
    times.record.push(millisecondsSince(between));
  }
  nnx.dispose([value, gradients]);
}
measured.dispose();
const [stepTime, recordTime] = [median(times.step), median(times.record)];
console.log(
  `step ${stepTime.toFixed(0)} ms, recording it ${recordTime.toFixed(0)} ms of CPU time: ` +
    `${((100 * recordTime) / stepTime / EVERY).toFixed(1)} % of a step at every ${EVERY}th step`,
);

const recorder = new Recorder(model, { every: 1 });
let last = look(model, x);
for (let i = 0; i < steps; i++) {
  optimizer.update(model, last.gradients);
  recorder.record({ scalars: { loss: last.loss }, captured: last });
  nnx.dispose(last);
  last = look(model, x);
}
const folder = mkdtempSync(join(tmpdir(), "nnx-report-"));
const start = performance.now();
const file = await writeReport(
  join(folder, "report.html"),
  await inspect(model, { captured: last, history: recorder, input: x }),
);
const size = statSync(file).size;
console.log(
  `${recorder.steps.length} recorded steps: ${(size / 1e6).toFixed(2)} MB, written in ${((performance.now() - start) / 1000).toFixed(1)} s`,
);

/** Milliseconds of each move of the slider, until the frame is painted. */
const moves = (page: Page): Promise<number[]> =>
  page.evaluate<number[]>(`(async () => {
    const slider = document.querySelector('.time input[aria-label="Step"]');
    const painted = () => new Promise((resolve) => {
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve();
        port2.postMessage(undefined);
      });
    });
    const all = [];
    for (let i = 0; i < 60; i++) {
      await painted();
      const before = performance.now();
      slider.value = String((i * 37) % Number(slider.max));
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      await painted();
      all.push(performance.now() - before);
    }
    return all;
  })()`);

const executable = chromiumPath();
if (executable === undefined) console.log("no Chromium: NNXJS_CHROMIUM names it");
else {
  const browser = await launch(executable);
  const opened: number[] = [];
  for (let i = 0; i < 5; i++) {
    const { page } = await openReport(browser, file);
    opened.push(await page.evaluate(() => Number(document.documentElement.dataset.ready)));
    if (i === 4) {
      for (const tab of await page.getByRole("tab").all()) {
        await tab.click();
        const name = await tab.textContent();
        if (name === "Model")
          await page.locator('[role="treeitem"]', { hasText: "kernel" }).first().dispatchEvent("click");
        const all = (await moves(page)).sort((a, b) => a - b);
        console.log(
          `${name}: a move of the slider ${median(all).toFixed(0)} ms, nine of ten within ${(all[53] as number).toFixed(0)} ms, at most ${(all.at(-1) as number).toFixed(0)} ms`,
        );
      }
    }
    await page.context().close();
  }
  console.log(`opens in ${median(opened).toFixed(0)} ms, at most ${Math.max(...opened)} ms`);
  await browser.close();
}
rmSync(folder, { recursive: true });
recorder.dispose();
nnx.dispose([last, x, model, optimizer]);
