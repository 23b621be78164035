/** @file Tasks of more than 50 ms on the main thread of the page, from its request on. */
import type { Browser, Page } from "playwright-core";
import { Training } from "./training.ts";

const LONG = 50;
const LOADS = 3;

/** An event of Chromium's trace. Times are in µs; `tdur` is of the thread's own, without waiting for a core. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string; readonly frame?: string };
}

/** A task of the main thread: when it began after the page was asked for, and how long it took, in ms. */
interface Task {
  readonly at: number;
  readonly took: number;
  readonly cpu: number;
}

/** The tasks of the page's main thread in a trace. */
function tasksIn(trace: Buffer): Task[] {
  const { traceEvents } = JSON.parse(String(trace)) as { readonly traceEvents: readonly TraceEvent[] };
  const of = ({ pid, tid }: TraceEvent): string => `${pid}/${tid}`;
  const starts = traceEvents.filter(({ name }) => name === "navigationStart");
  const start = starts.reduce((a, b) => (b.ts > a.ts ? b : a));
  return traceEvents
    .filter((each) => each.name === "RunTask" && of(each) === of(start) && each.ts >= start.ts)
    .map(({ ts, dur = 0, tdur = 0 }) => ({
      at: (ts - start.ts) / 1000,
      took: dur / 1000,
      cpu: tdur / 1000,
    }));
}

/** Draws, goes back in time, changes rates and tabs, as a reader would. */
async function use(page: Page): Promise<void> {
  const digits = page.locator("#digits");
  const training = new Training(page);
  await training.reach(50);
  await training.atFullSpeed();
  const pad = digits.getByRole("application");
  await pad.scrollIntoViewIfNeeded();
  const { x, y } = (await pad.boundingBox()) as { x: number; y: number };
  await page.mouse.move(x + 110, y + 20);
  await page.mouse.down();
  await page.mouse.move(x + 110, y + 200, { steps: 10 });
  await page.mouse.up();
  await digits.getByRole("button", { name: "An 8 or 9" }).click();
  await training.paused();
  await digits.getByRole("slider", { name: "Moment" }).focus();
  for (const key of ["Home", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  await digits.getByLabel("Learning rate").selectOption("0.003");
  await training.press("Play");
  await page.getByLabel("Colours").selectOption("dark");
}

export async function tasks(browser: Browser, address: string, seconds: number): Promise<void> {
  for (let load = 1; load <= LOADS; load++) {
    // A context of its own, so that nothing is in a cache.
    const context = await browser.newContext({ viewport: { width: 1360, height: 1000 } });
    const page = await context.newPage();
    await browser.startTracing(page, {
      categories: ["disabled-by-default-devtools.timeline", "blink.user_timing"],
    });
    const end = performance.now() + (1000 * seconds) / LOADS;
    await page.goto(address);
    await use(page);
    await page.waitForTimeout(Math.max(0, (end - performance.now()) / 2));
    await page.getByRole("tab", { name: "Sequences" }).click();
    await page.waitForTimeout(Math.max(0, end - performance.now()));
    const all = tasksIn(await browser.stopTracing());
    const long = all.filter(({ took }) => took > LONG);
    const busy = all.filter(({ cpu }) => cpu > LONG);
    const most = (values: readonly number[]): string => Math.max(...values).toFixed(0);
    console.log(
      `load ${load}: ${long.length} of ${all.length} tasks took more than ${LONG} ms, at most ${most(all.map(({ took }) => took))} ms; ` +
        `by CPU time ${busy.length}, at most ${most(all.map(({ cpu }) => cpu))} ms`,
    );
    for (const { at, took, cpu } of long)
      console.log(
        `  ${took.toFixed(0)} ms (CPU ${cpu.toFixed(0)}), ${(at / 1000).toFixed(2)} s after the page was asked for`,
      );
    await context.close();
  }
}
