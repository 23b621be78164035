/** @file Models that are trained in a worker: of Node, and of a page in Chromium where there is one. */
import "@tensorflow/tfjs-backend-cpu";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs-core";
import { build as esbuild } from "esbuild";
import { chromium } from "playwright-core";
import { build, preview } from "vite";
import { expect, it } from "vitest";
import { chromiumArguments, chromiumPath } from "../../../scripts/browser/chromium.ts";
import { useBackend } from "../../../scripts/use-backend.ts";
import { haveTrained, type Outcome } from "../src/conversation.ts";
import type { Message } from "../src/messages.ts";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

function expectTrained({ before, after, bytesKept, left }: Outcome, atFirst: number): void {
  expect(before).toBeLessThan(0.7);
  expect(after).toBeGreaterThan(0.95);
  // What was sent is gone here: nothing was copied on the way.
  expect(bytesKept).toBe(0);
  expect(left).toEqual([atFirst, 0]);
}

it("goes to a worker of Node and comes back trained", async () => {
  await useBackend("cpu");
  const folder = mkdtempSync(join(tmpdir(), "nnx-worker-"));
  const outfile = join(folder, "worker.cjs");
  await esbuild({
    entryPoints: [file("../src/node.worker.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    // The backends declare side effects only for the files of bundlers, not for those of Node.
    mainFields: ["module", "main"],
    conditions: ["@nnxjs/source"],
    logLevel: "error",
  });
  const worker = new Worker(outfile, { stdout: true, stderr: true });
  const atFirst = tf.memory().numTensors;
  const told: string[] = [];
  try {
    const outcome = await haveTrained(
      (message, transfer = []) => worker.postMessage(message, transfer),
      (listen) => worker.on("message", (message: Message) => listen(message)),
      (text) => told.push(text),
    );
    expectTrained(outcome, atFirst);
    expect(told.map((text) => text.split(",")[0])).toEqual(["Step 50", "Step 100", "Step 150", "Step 200"]);
  } finally {
    await worker.terminate();
    rmSync(folder, { recursive: true });
  }
});

const executablePath = chromiumPath();

if (executablePath === undefined)
  it("in a browser: nothing was tried, for there is no Chromium (NNXJS_CHROMIUM names it)", () => {
    expect(executablePath).toBeUndefined();
  });
else
  it("goes to a worker of a page, built by Vite, and comes back trained", async () => {
    const configFile = file("../vite.config.ts");
    await build({ configFile, logLevel: "error" });
    const options = { port: 0, open: false, host: "127.0.0.1" } as const;
    const server = await preview({ configFile, logLevel: "error", preview: options });
    const browser = await chromium.launch({ executablePath, args: [...chromiumArguments] });
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      await page.goto(server.resolvedUrls?.local[0] as string);
      const news = page.locator("#news");
      await expect.poll(() => news.textContent(), { timeout: 40_000 }).toMatch(/^It /);
      expect([await news.textContent(), errors]).toEqual([expect.stringMatching(/^It knew/), []]);
      expectTrained(JSON.parse((await news.getAttribute("data-outcome")) as string) as Outcome, 0);
    } finally {
      await browser.close();
      await server.close();
    }
  });
