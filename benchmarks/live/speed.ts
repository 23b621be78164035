/** @file Steps per second of the digits model in the page and in this process, by turns. */
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Browser } from "playwright-core";
import { loadDigits } from "../../examples/digits/data.ts";
import { DigitsLesson } from "../../examples/live/src/models/digits.ts";
import { openPage } from "../../examples/live/test/page.ts";
import { median } from "../measure.ts";
import { Training } from "./training.ts";

const ROUND = 3000;
const WARM_UP = 200;

export async function speed(browser: Browser, address: string, seconds: number): Promise<void> {
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

  const { page } = await openPage(browser, address);
  const training = new Training(page);
  await training.atFullSpeed();
  await training.reach(WARM_UP);
  const rates = { page: [] as number[], node: [] as number[] };
  for (let round = 0; round < (1000 * seconds) / ROUND; round++) {
    const [before, start] = [await training.step(), performance.now()];
    await page.waitForTimeout(ROUND);
    rates.page.push((1000 * ((await training.step()) - before)) / (performance.now() - start));
    await training.paused();
    rates.node.push((1000 * stepsInNode()) / ROUND);
    await training.press("Play");
  }
  const [inPage, inNode] = [median(rates.page), median(rates.node)];
  console.log(
    `steps per second: ${inPage.toFixed(0)} in the page, ${inNode.toFixed(0)} in Node; ratio ${(inPage / inNode).toFixed(2)}`,
  );
  lesson.dispose();
}
