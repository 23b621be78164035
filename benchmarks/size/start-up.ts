/**
 * @file The CPU time of a new process that computes one dense layer, from its start to its end:
 * Node's own start is part of it, and also has a row.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { median, spread } from "../measure.ts";
import { pinned } from "../peers/peers.ts";
import { markdown, shown } from "../report/table.ts";
import { build, bundle, here } from "./build.ts";

const OURS = `
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
const layer = new nnx.Linear(4, 2, { rngs: new nnx.Rngs(0) });
layer.forward(tf.ones([1, 4])).dataSync();
`;
const BARE = `
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
tf.add(tf.matMul(tf.ones([1, 4]), tf.randomNormal([4, 2])), tf.zeros([2])).dataSync();
`;
const REQUIRED = BARE.replace(/import \* as tf from (.*);/, "const tf = require($1);").replace(
  /import (".*");/,
  "require($1);",
);
const JAX_JS = `
Object.defineProperty(globalThis, "navigator", {
  value: { hardwareConcurrency: 1, userAgent: "node" }, configurable: true,
});
const { defaultDevice, init, numpy: np, random } = await import("@jax-js/jax");
await init("wasm");
defaultDevice("wasm");
np.matmul(np.ones([1, 4]), random.normal(random.key(0), [4, 2])).add(np.zeros([2])).dataSync();
`;
const REPORT = `
const { user, system } = process.cpuUsage();
require("node:fs").writeSync(1, String((user + system) / 1000));
process.exit(0);
`;
/** For ES modules, where \`require\` is not there. */
const REPORT_ESM = REPORT.replace('require("node:fs")', '(await import("node:fs"))');

/** CPU time in milliseconds, by program. */
export async function startUp(rounds: number): Promise<Record<string, readonly number[]>> {
  build();
  // Beside the packages, so that their names resolve.
  const folder = mkdtempSync(join(here, ".start-up-"));
  try {
    const write = (name: string, text: string): string => {
      const file = join(folder, name);
      writeFileSync(file, text);
      return file;
    };
    const programs: Record<string, string> = {
      "Node alone": write("node.mjs", REPORT_ESM),
      "ours, Linear": write("ours.mjs", OURS + REPORT_ESM),
      "ours, Linear, by single files": write("single.mjs", OURS + REPORT_ESM),
      "ours in one file": write("one.cjs", (await bundle(OURS, { platform: "node", external: [] })) + REPORT),
      "tfjs, import": write("bare.mjs", BARE + REPORT_ESM),
      "tfjs, require": write("bare.cjs", REQUIRED + REPORT),
      "jax-js": write("jax-js.mjs", JAX_JS + REPORT_ESM),
    };
    const times: Record<string, number[]> = Object.fromEntries(
      Object.keys(programs).map((name) => [name, []]),
    );
    for (let round = -1; round < rounds; round++) {
      for (const [name, file] of Object.entries(programs)) {
        // What is published gives Node the bundles; the workspace gives them on this condition.
        const bundled = file.endsWith("ours.mjs") ? ["--conditions=@nnxjs/bundle"] : [];
        const [program, ...args] = pinned([process.execPath, ...bundled, file]) as [string, ...string[]];
        const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
        if (status !== 0) throw new Error(`start-up: ${name} failed:\n${stderr}`);
        if (round >= 0) times[name]!.push(Number(stdout));
      }
    }
    const rows = Object.entries(times).map(([name, list]) => [
      name,
      shown(median(list)),
      `${(100 * spread(list)).toFixed(0)} %`,
    ]);
    console.log(
      `\nStart-up: a process that computes one dense layer on the cpu backend\n\n${markdown(["program", "CPU ms", "±"], rows)}`,
    );
    return times;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
