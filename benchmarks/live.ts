/**
 * @file What the live page costs: node scripts/run.mjs benchmarks/live.ts [SECONDS]
 *
 * The digits model trains at full speed in the page (in Chromium; `NNXJS_CHROMIUM` names it) and in this
 * process without a page, by turns. Measured are steps per second of both, tasks of the page's main thread
 * of more than 50 ms, and the tensors and bytes of the worker over SECONDS, 60 if nothing else is said.
 */
import "@tensorflow/tfjs-backend-wasm";
import process from "node:process";
import * as tf from "@tensorflow/tfjs-core";
import { loadDigits } from "../examples/digits/data.ts";
import { DigitsLesson } from "../examples/live/src/models/digits.ts";
import { addressOf, launch, openPage, servePage } from "../examples/live/test/page.ts";
import { chromiumPath } from "../scripts/browser/chromium.ts";
import { median } from "./measure.ts";

const ROUNDS = 4;
const ROUND = 3000;
const WARM_UP = 200;

const seconds = Number(process.argv[2] ?? 60);
const executable = chromiumPath();
if (!executable) throw new Error("There is no Chromium; NNXJS_CHROMIUM names one.");
tf.enableProdMode();
await tf.setBackend("wasm");

const lesson = new DigitsLesson(loadDigits());
const stepsInNode = (): number => {
  const end = performance.now() + ROUND;
  let count = 0;
  for (; performance.now() < end; count++) lesson.step();
  return count;
};
for (let i = 0; i < WARM_UP; i++) lesson.step();

const server = await servePage();
const browser = await launch(executable);
const { page } = await openPage(browser, addressOf(server));
const training = page.locator("#digits .training");
const read = (name: string): Promise<string | null> => training.getAttribute(`data-${name}`);
const step = async (): Promise<number> => Number(await read("step"));
const press = (name: string): Promise<void> =>
  page.locator("#digits").getByRole("button", { name, exact: true }).click();
try {
  await page.evaluate(() => {
    const tasks: { at: number; took: number }[] = [];
    Object.assign(globalThis, { tasks });
    new PerformanceObserver((list) =>
      tasks.push(...list.getEntries().map(({ startTime, duration }) => ({ at: startTime, took: duration }))),
    ).observe({
      type: "longtask",
      buffered: true,
    });
  });
  await page.locator("#digits").getByLabel("Speed").selectOption("as fast as it can");
  while ((await step()) < WARM_UP) await page.waitForTimeout(100);

  const rates = { page: [] as number[], node: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const [before, start] = [await step(), performance.now()];
    await page.waitForTimeout(ROUND);
    rates.page.push((1000 * ((await step()) - before)) / (performance.now() - start));
    await press("Pause");
    await page
      .locator("#digits")
      .getByText(/^paused/)
      .waitFor();
    rates.node.push((1000 * stepsInNode()) / ROUND);
    await press("Play");
  }
  const [inPage, inNode] = [median(rates.page), median(rates.node)];
  console.log(
    `steps per second: ${inPage.toFixed(0)} in the page, ${inNode.toFixed(0)} in Node; ratio ${(inPage / inNode).toFixed(2)}`,
  );

  const seen: { tensors: number; bytes: number; moments: number }[] = [];
  for (let i = 0; i < seconds; i++) {
    await page.waitForTimeout(1000);
    const { tensors, bytes, moments } = JSON.parse((await read("memory")) ?? "{}");
    seen.push({ tensors, bytes, moments });
  }
  console.log("worker, by tenths of the time: tensors, MB, kept moments (120 at most, then 61)");
  for (let tenth = 0; tenth < 10; tenth++) {
    const { tensors, bytes, moments } = seen[Math.floor(((tenth + 1) * seen.length) / 10) - 1] ?? {
      tensors: 0,
      bytes: 0,
      moments: 0,
    };
    console.log(`  ${tensors}  ${(bytes / 1e6).toFixed(1)}  ${moments}`);
  }
  const tasks = await page.evaluate(
    () => (globalThis as unknown as { tasks: { at: number; took: number }[] }).tasks,
  );
  console.log(`tasks of more than 50 ms on the main thread: ${tasks.length}`);
  for (const { at, took } of tasks)
    console.log(`  ${took.toFixed(0)} ms, ${(at / 1000).toFixed(1)} s after the page was asked for`);
} finally {
  await browser.close();
  await server.close();
}
process.exit();
