/**
 * @file What training costs on each backend of a browser, and from which size the device draws random numbers
 * faster than the processor does: node scripts/run.mjs benchmarks/gpu.ts [draws | steps] [BACKEND…]
 *
 * It runs in Chromium; `NNXJS_CHROMIUM` names it. SwiftShader computes, unless `NNXJS_GPU=1` asks for the
 * machine's GPU. Times are of the wall, since a GPU has no processor's time: the median of seven rounds.
 */
import { fileURLToPath } from "node:url";
import process from "node:process";
import { chromium } from "playwright-core";
import { build, defaultClientConditions, preview } from "vite";
import { chromiumArguments, chromiumPath } from "../scripts/browser/chromium.ts";
import type { Page } from "./gpu/page.ts";
import { markdown, shown } from "./report/table.ts";

declare const pages: Page;

const SIZES = [8, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22].map((power) => 2 ** power);
const CASES = ["MLP", "conv net", "transformer block"] as const;

const [what = "steps", ...given] = process.argv.slice(2);
if (what !== "draws" && what !== "steps") throw new Error(`expected draws or steps, got ${what}.`);
const executablePath = chromiumPath();
if (!executablePath) throw new Error("There is no Chromium; NNXJS_CHROMIUM names one.");

const root = fileURLToPath(new URL("gpu", import.meta.url));
const options = { configFile: false, root, logLevel: "error" } as const;
await build({
  ...options,
  resolve: { conditions: ["@nnxjs/source", ...defaultClientConditions] },
  build: { target: "es2022", outDir: "dist", emptyOutDir: true, chunkSizeWarningLimit: 5000 },
});
const server = await preview({ ...options, preview: { port: 0, host: "127.0.0.1" } });

/** Uses a backend in a browser of its own. */
async function on<T>(backend: string, use: (call: Call, device: string) => Promise<T>): Promise<T> {
  const browser = await chromium.launch({
    executablePath: executablePath as string,
    args: [...chromiumArguments],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(600_000);
    await page.goto(server.resolvedUrls?.local[0] as string);
    const device = await page.evaluate((name) => pages.begin(name), backend);
    return await use(
      {
        step: (name, isRecorded) => page.evaluate(([a, b]) => pages.step(a, b), [name, isRecorded] as const),
        draw: (size, onDevice) => page.evaluate(([a, b]) => pages.draw(a, b), [size, onDevice] as const),
      },
      device,
    );
  } finally {
    await browser.close();
  }
}
type Call = Pick<Page, "step" | "draw">;

/** A time, or why there is none. */
const timed = (time: Promise<number>): Promise<string> =>
  time.then(shown, (error: Error) => (error.message.split("\n")[0] as string).slice(0, 60));

try {
  if (what === "draws")
    for (const backend of given.length > 0 ? given : ["webgl", "webgpu"])
      await on(backend, async (call, device) => {
        const rows: string[][] = [];
        for (const size of SIZES)
          rows.push([`${size}`, await timed(call.draw(size, true)), await timed(call.draw(size, false))]);
        console.log(`\n${backend}, by ${device}: milliseconds of uniforms, and of a product with them\n`);
        console.log(markdown(["size", "on the device", "on the processor"], rows));
      });
  else
    for (const backend of given.length > 0 ? given : ["wasm", "webgl", "webgpu"])
      await on(backend, async (call, device) => {
        const rows: string[][] = [];
        for (const name of CASES)
          rows.push([name, await timed(call.step(name, false)), await timed(call.step(name, true))]);
        console.log(`\n${backend}, by ${device}: milliseconds of a step of training\n`);
        console.log(markdown(["model", "as it is", "by jit"], rows));
      });
} finally {
  await server.close();
}
process.exit();
