import { createHash } from "node:crypto";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { readGolden, relativeError } from "../../scripts/golden.ts";
import { loadDigits } from "./data.ts";
import { first } from "./images.ts";
import { inspect } from "./inspect.ts";
import { prepare, step, train } from "./train.ts";

/** The numbers that conformance/digits.py writes with JAX, Flax and optax. */
interface Golden {
  readonly draws: {
    readonly input_kernel: readonly number[];
    readonly hidden_kernel: readonly number[];
    readonly output_kernel: readonly number[];
    readonly hidden_mask_kept: number;
    readonly hidden_mask_first_row: readonly number[];
    readonly hidden_mask_sha256: string;
  };
  readonly training: { readonly images: number; readonly losses: readonly number[] };
}
const golden = readGolden<Golden>("digits");
const { train: images, known, unseen } = loadDigits();
const build = (some = images) => prepare(some, { rate: 0.25, seed: 0 });

describe("the digits example, from seed 0", () => {
  it("starts from Flax's weights, to 4 ulp", () => {
    const { model } = build();
    const ulps = (a: number, b: number) =>
      Math.abs(a - b) / (2 ** -23 * 2 ** Math.floor(Math.log2(Math.abs(b))));
    for (const [layer, reference] of [
      [model.input, golden.draws.input_kernel],
      [model.hidden, golden.draws.hidden_kernel],
      [model.output, golden.draws.output_kernel],
    ] as const) {
      const found = layer.kernel.value.dataSync();
      for (const [i, wanted] of reference.entries())
        expect(ulps(found[i] as number, wanted)).toBeLessThanOrEqual(4);
    }
  });

  it("drops the weights that Flax drops in its first pass, bit for bit", () => {
    const { model } = build();
    const stream = model.hidden.rngs!;
    const mask = Uint8Array.from(nnx.random.bernoulli(stream.nextKey(), 0.75, [128, 128]).dataSync());
    expect(mask.reduce((sum, kept) => sum + kept, 0)).toBe(golden.draws.hidden_mask_kept);
    expect([...mask.subarray(0, 128)]).toEqual(golden.draws.hidden_mask_first_row);
    expect(createHash("sha256").update(mask).digest("hex")).toBe(golden.draws.hidden_mask_sha256);
  });

  it("has Flax's losses for 60 steps, within 1e-4", () => {
    const run = build();
    expect(images.count).toBe(golden.training.images);
    const losses: number[] = [];
    while (losses.length < 60)
      for (const batch of run.batches) losses.push(tf.tidy(() => step(run, batch).dataSync()[0] as number));
    for (const [i, loss] of golden.training.losses.entries())
      expect(relativeError([losses[i] as number], [loss])).toBeLessThan(1e-4);
  });

  it("keeps memory flat from epoch to epoch", async () => {
    const run = build(first(images, 128));
    const tensors: number[] = [];
    const bytes: number[] = [];
    await train(run, 4, () => {
      tensors.push(tf.memory().numTensors);
      bytes.push(tf.memory().numBytes);
    });
    // Meanwhile the garbage collector may free tensors of other test files. Fewer tensors are no
    // leak.
    expect(Math.max(...tensors)).toBe(tensors[0]);
    expect(Math.max(...bytes)).toBe(bytes[0]);
  });

  it("shows activations and gradients of each layer, and leaves nothing behind", () => {
    const { model } = build();
    model.eval();
    const batch = first(known, 3);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const { activations, gradients } = inspect(model, batch);
      const names = ["1 input", "2 hidden", "3 output"];
      expect(Object.keys(activations)).toEqual(names);
      expect(Object.keys(gradients)).toEqual(names);
      // The gradient of the mean cross entropy at the logits is (softmax - one-hot) / images, which
      // sums to 0.
      const ofLogits = gradients["3 output"] as nnx.VariableState<tf.Tensor>;
      expect(tf.sum(ofLogits.value).dataSync()[0]).toBeCloseTo(0, 6);
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("the split of the digits", () => {
  it("holds out 400 images of 0-7, shows none of them in training, and keeps 8 and 9 apart", () => {
    expect([images.count, known.count, unseen.count]).toEqual([1043, 400, 354]);
    expect(Math.max(...images.labels, ...known.labels)).toBe(7);
    expect(Math.min(...unseen.labels)).toBe(8);
    const rows = ({ pixels, count }: typeof images) =>
      Array.from({ length: count }, (_, i) => pixels.subarray(i * 64, (i + 1) * 64).join());
    const shown = new Set(rows(images));
    expect(rows(known).filter((row) => shown.has(row))).toEqual([]);
  });
});
