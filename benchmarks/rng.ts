/**
 * @file Compares our random numbers with our plain loops, jax-js, stock tensorflow.js and
 * optionally JAX itself.
 *
 *     node scripts/run.mjs benchmarks/rng.ts [--python PATH] [--small]
 *
 * Prints CPU time on all threads, as nanoseconds per element and as a multiple of our time.
 * `--python PATH` names a Python with jax and adds JAX (see rng_jax.py). `--small` leaves out the
 * 16M arrays.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as jax from "@jax-js/jax";
import * as keys from "@nnxjs/rnglib/keys";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { thresholdOf } from "../packages/rnglib/src/keys/fill.ts";
import * as plain from "../packages/rnglib/src/keys/plain.ts";
import { hasKernels } from "../packages/rnglib/src/keys/wasm/kernels.ts";
import { type Contestant, measure } from "./measure.ts";

const { values: options } = parseArgs({
  options: { python: { type: "string" }, small: { type: "boolean", default: false } },
});
const KEEP = 0.75;
const key = keys.key(1701);
const [k0 = 0, k1 = 0] = keys.keyData(key);

// jax-js reads a browser's navigator. One worker, because this compares work and not cores.
Object.defineProperty(globalThis, "navigator", {
  value: { hardwareConcurrency: 1, userAgent: "node" },
  configurable: true,
});
await jax.init("wasm");
jax.defaultDevice("wasm");
const jaxKey = jax.random.key(1701);
tf.enableProdMode();
await tf.setBackend("cpu");

/** Computes a lazy array of jax-js, and frees it. */
const force = (array: jax.numpy.Array): void => void array.dataSync();

function groups(n: number): Record<string, Contestant[]> {
  const words = new Uint32Array(n);
  const floats = new Float32Array(n);
  const coins = new Uint8Array(n);
  const source = Float32Array.from({ length: n }, (_, i) => (i % 1000) / 8);
  const x = tf.tensor1d(source);
  const scale = 1 / KEEP;
  return {
    bits: [
      { name: "ours, into a given array", run: () => keys.bits(key, n, { out: words }) },
      { name: "ours, a new array", run: () => keys.bits(key, n) },
      { name: "our plain loop", run: () => plain.plainBits(k0, k1, 0, words) },
      { name: "jax-js", run: () => force(jax.random.bits(jaxKey.ref, [n])) },
    ],
    uniform: [
      { name: "ours, into a given array", run: () => keys.uniform(key, n, { out: floats }) },
      { name: "ours, a new array", run: () => keys.uniform(key, n) },
      { name: "our plain loop", run: () => plain.plainUniform(k0, k1, 0, floats) },
      { name: "jax-js", run: () => force(jax.random.uniform(jaxKey.ref, [n])) },
      { name: "tf.randomUniform (cpu)", run: () => tf.randomUniform([n], 0, 1, "float32", 1).dispose() },
    ],
    normal: [
      { name: "ours, into a given array", run: () => keys.normal(key, n, { out: floats }) },
      { name: "ours, a new array", run: () => keys.normal(key, n) },
      { name: "our plain loop", run: () => plain.plainNormal(k0, k1, 0, floats) },
      { name: "jax-js", run: () => force(jax.random.normal(jaxKey.ref, [n])) },
      { name: "tf.randomNormal (cpu)", run: () => tf.randomNormal([n], 0, 1, "float32", 1).dispose() },
    ],
    bernoulli: [
      { name: "ours, into a given array", run: () => keys.bernoulli(key, KEEP, n, { out: coins }) },
      { name: "ours, a new array", run: () => keys.bernoulli(key, KEEP, n) },
      { name: "our plain loop", run: () => plain.plainBernoulli(k0, k1, 0, thresholdOf(KEEP), coins) },
      { name: "jax-js", run: () => force(jax.random.bernoulli(jaxKey.ref, KEEP, [n])) },
    ],
    "fused mask": [
      { name: "ours, into a given array", run: () => keys.maskScale(key, KEEP, source, { out: floats }) },
      { name: "ours, a new array", run: () => keys.maskScale(key, KEEP, source) },
      {
        name: "our plain loop",
        run: () => plain.plainMaskScale(k0, k1, 0, thresholdOf(KEEP), scale, source, floats),
      },
      {
        name: "stock tfjs (cpu), where(u < keep, x * scale, 0)",
        run: () =>
          tf.tidy(() => {
            const mask = tf.less(tf.randomUniform([n], 0, 1, "float32", 1), KEEP);
            tf.where(mask, tf.mul(x, scale), tf.zerosLike(x));
          }),
      },
    ],
  };
}

function print(title: string, results: readonly { name: string; nanoseconds: number }[], per: number): void {
  console.log(`\n${title}`);
  const ours = results[0]!.nanoseconds;
  for (const { name, nanoseconds } of results) {
    const each = (nanoseconds / per).toFixed(2).padStart(9);
    console.log(`  ${name.padEnd(50)}${each} ns${`${(nanoseconds / ours).toFixed(2)} x`.padStart(11)}`);
  }
}

interface JaxResult {
  name: string;
  size: number;
  nanoseconds: number;
}

/** Times JAX in a separate process, on one core. */
function runJax(python: string, sizes: readonly number[]): JaxResult[] {
  const script = fileURLToPath(new URL("rng_jax.py", import.meta.url));
  const output = execFileSync(python, [script, "--json", ...sizes.map(String)], { encoding: "utf8" });
  return JSON.parse(output) as JaxResult[];
}

const sizes = options.small ? [1 << 20] : [1 << 20, 1 << 24];
const real = options.python === undefined ? [] : runJax(options.python, sizes);
console.log(
  `Node ${process.version}, kernels ${hasKernels() ? "on" : "off"}. Medians of CPU time per element.`,
);
for (const n of sizes) {
  for (const [name, contestants] of Object.entries(groups(n))) {
    const results = measure(contestants, n > 1 << 20 ? 5 : 25);
    const theirs = real.filter((result) => result.name === name && result.size === n);
    print(
      `${name}, ${n >> 20}M`,
      [...results, ...theirs.map((r) => ({ ...r, name: "real JAX (cpu, one core)" }))],
      n,
    );
  }
}

const COUNT = 100_000;
const perKey = measure(
  [
    { name: `split(key, ${COUNT})`, run: () => void keys.split(key, COUNT) },
    {
      name: "split(key), per key of the pair",
      run() {
        for (let i = 0; i < COUNT / 2; i++) keys.split(key);
      },
    },
    {
      name: "foldIn(key, i)",
      run() {
        for (let i = 0; i < COUNT; i++) keys.foldIn(key, i);
      },
    },
    {
      name: "key = foldIn(key, i)",
      run() {
        let chain = key;
        for (let i = 0; i < COUNT; i++) chain = keys.foldIn(chain, i);
      },
    },
  ],
  15,
);
print("per key", perKey, COUNT);
process.exit(0); // jax-js keeps a worker
