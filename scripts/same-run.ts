/** @file Training runs of Flax, step by step, for tests that train the same model here. */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { readGolden } from "./golden.ts";

export const [SEED, BATCH, CLASSES, PIXELS] = [0, 32, 10, 64];

const { provenance, losses } = readGolden<{
  provenance: { steps: number };
  losses: Readonly<Record<string, readonly number[]>>;
}>("runs");
export const STEPS = provenance.steps;

/** The rows of a table of digits: 64 pixels of 0 to 16, then the label. */
export const digitRows = (): number[][] =>
  readFileSync(new URL("../examples/digits/data/digits.csv", import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(",").map(Number));

let rows: readonly number[][] | undefined;

/** The images of one step in the order of the file, of shape `[BATCH, ...shape]`, with their labels. */
export function batchOf(step: number, shape: readonly number[]): { x: tf.Tensor; y: tf.Tensor1D } {
  rows ??= digitRows();
  const all = rows;
  const batch = Array.from({ length: BATCH }, (_, i) => all[(i + step * BATCH) % all.length] as number[]);
  const pixels = batch.map((row) => row.slice(0, PIXELS).map((value) => value / 16));
  return {
    x: tf.tensor(pixels.flat(), [BATCH, ...shape], "float32"),
    y: tf.tensor1d(
      batch.map((row) => row[PIXELS] as number),
      "int32",
    ),
  };
}

/** Runs `step` for each step in a scope, and expects the losses that Flax had, to 1e-4 relative. */
export function expectSameRun(name: string, step: (step: number) => number): void {
  const wanted = losses[name];
  if (wanted === undefined) throw new Error(`runs.json: expected a run ${name}, got none.`);
  const off = wanted.map((loss, i) => Math.abs(tf.tidy(() => step(i)) / loss - 1));
  expect(off).toHaveLength(STEPS);
  expect(Math.max(...off)).toBeLessThan(1e-4);
}
