/** @file Runs that begin in Flax go on here, and the other way, with the same numbers. */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { expect, it } from "vitest";
import { readGolden, relativeError } from "../../../scripts/golden.ts";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { logitsOf, makeRun, type Run, type RunName, runNames, train } from "../test/exchange-runs.ts";
import { file } from "./node/index.ts";
import { type Checkpoint, open, restore, toBytes } from "./index.ts";

interface Continued {
  readonly logits: readonly number[];
  readonly losses: readonly number[];
}

const sides = ["from-flax", "from-nnxjs"] as const;
const golden = readGolden<
  { provenance: { steps: number } } & Record<(typeof sides)[number], Record<RunName, Continued>>
>("exchange");
const { steps } = golden.provenance;

const urlOf = (side: (typeof sides)[number], name: RunName): URL =>
  new URL(`../../../conformance/golden/exchange-${side}-${name}.safetensors`, import.meta.url);

const release = (run: Run): void => nnx.dispose([run.model, run.optimizer]);

/** Every loss, relative to itself. */
const worst = (values: readonly number[], wanted: readonly number[]): number =>
  Math.max(...wanted.map((loss, i) => Math.abs((values[i] as number) / loss - 1)));

/** Keys, counts and everything else that is no tensor. */
async function exactValuesIn(checkpoint: Checkpoint): Promise<unknown[]> {
  const state = await checkpoint.state();
  const values = nnx.flattenState(state).map(([, leaf]) => nnx.leafValue<unknown>(leaf));
  nnx.dispose(state);
  return values.filter((value) => !(value instanceof tf.Tensor)).map(String);
}

onEachBackend("a checkpoint", () => {
  for (const side of sides) {
    it.each(runNames)(`${side} goes on as in Flax: %s`, async (name) => {
      const run = makeRun(name, 11);
      const before = logitsOf(name, run);
      expect(await restore(run, file(urlOf(side, name)))).toEqual({ missing: [], extra: [] });
      const { logits, losses } = golden[side][name];
      // Another seed gave another model: the numbers are the file's.
      expect(relativeError(before, logits)).toBeGreaterThan(0.1);
      expect(relativeError(logitsOf(name, run), logits)).toBeLessThan(1e-5);
      expect(run.optimizer.step.value).toBe(steps);
      expect(worst(train(name, run, steps, losses.length), losses)).toBeLessThan(1e-5);
      release(run);
    });
  }

  // Not byte by byte: another backend or version of a kernel sums in another order, and Adam makes
  // steps of full size of what rounding alone is.
  it.each(runNames)("that Flax went on from is what this code saves: %s", async (name) => {
    const run = makeRun(name, 3);
    train(name, run, 0, steps);
    const [now, then] = [await open(await toBytes(run)), await open(readFileSync(urlOf("from-nnxjs", name)))];
    expect(now.keys()).toEqual(then.keys());
    for (const key of then.keys()) expect(now.info(key)).toEqual(then.info(key));
    expect(await exactValuesIn(now)).toEqual(await exactValuesIn(then));
    const { logits, losses } = golden["from-nnxjs"][name];
    expect(relativeError(logitsOf(name, run), logits)).toBeLessThan(1e-4);
    expect(worst(train(name, run, steps, losses.length), losses)).toBeLessThan(1e-4);
    release(run);
  });
});
