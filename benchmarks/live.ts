/**
 * @file What the live page costs: node scripts/run.mjs benchmarks/live.ts [speed | tasks | leaks] [SECONDS]
 *
 * It runs in Chromium; `NNXJS_CHROMIUM` names it.
 *
 * - `speed`: the digits model trains at full speed in the page and in this process without a page, by
 *   turns. Nothing said is this.
 * - `tasks`: tasks of more than 50 ms on the page's main thread, from the request of the page on: it is
 *   loaded three times, trains both models and is used, SECONDS in all (60).
 * - `leaks`: tensors and bytes in the worker, the heaps of both threads after a collection, and nodes of
 *   the page, over SECONDS (600) of training at full speed.
 */
import process from "node:process";
import { addressOf, launch, servePage } from "../examples/live/test/page.ts";
import { chromiumPath } from "../scripts/browser/chromium.ts";
import { leaks } from "./live/leaks.ts";
import { speed } from "./live/speed.ts";
import { tasks } from "./live/tasks.ts";

const modes = { speed: [speed, 12], tasks: [tasks, 60], leaks: [leaks, 600] } as const;

const [name = "speed", seconds] = process.argv.slice(2);
if (!Object.hasOwn(modes, name))
  throw new Error(`expected speed, tasks or leaks, got ${name}. Look at the head of the file.`);
const executable = chromiumPath();
if (!executable) throw new Error("There is no Chromium; NNXJS_CHROMIUM names one.");
const [measure, usual] = modes[name as keyof typeof modes];
const server = await servePage();
const browser = await launch(executable);
try {
  await measure(browser, addressOf(server), Number(seconds ?? usual));
} finally {
  await browser.close();
  await server.close();
}
process.exit();
