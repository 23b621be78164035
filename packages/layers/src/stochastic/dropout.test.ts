import { keyData } from "@nnxjs/rnglib/keys";
import { random, Rngs, RngStream } from "@nnxjs/rnglib";
import { grad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { flaxCase, type GoldenArray, numbersOf } from "../../../../scripts/golden.ts";
import { Dropout } from "../index.ts";

interface DropoutCase {
  readonly inputs: readonly GoldenArray[];
  readonly state: Readonly<Record<string, GoldenArray>>;
  readonly output: GoldenArray;
}

describe("Dropout", () => {
  it.each([
    ["Dropout_0.5", 0.5, []],
    ["Dropout_0.3_broadcast0", 0.3, [0]],
  ])("has Flax's stream and mask: %s", (name, rate, broadcastDims) => {
    const golden = flaxCase<DropoutCase>(name);
    const layer = new Dropout(rate, { broadcastDims, rngs: new Rngs({ dropout: 0 }) });
    expect([...keyData(layer.rngs!.key.value)]).toEqual(numbersOf(golden.state["rngs/key"]!));
    const [input] = golden.inputs;
    const y = layer.forward(tf.tensor(numbersOf(input!), [...input!.shape]));
    expect([...y.dataSync()]).toEqual(numbersOf(golden.output));
    expect(layer.rngs!.count.value).toBe(1);
  });

  it("has Flax's gradient: the same mask on what comes back", () => {
    const golden = flaxCase<DropoutCase & { input_grad: GoldenArray }>("grad.Dropout_0.5");
    const layer = new Dropout(0.5, { rngs: new Rngs({ dropout: 0 }) });
    const [input] = golden.inputs;
    const x = tf.tensor(numbersOf(input!), [...input!.shape]);
    const g = grad((a: tf.Tensor) => tf.mul(0.5, tf.sum(tf.square(layer.forward(a)))) as tf.Tensor)(x);
    expect([...g.dataSync()]).toEqual(numbersOf(golden.input_grad));
  });

  it("draws no key when it need not", () => {
    const x = tf.ones([4]);
    const layer = new Dropout(0.5, { rngs: new Rngs(0) });
    expect(layer.forward(x, { deterministic: true })).toBe(x);
    layer.eval();
    expect(layer.forward(x)).toBe(x);
    expect(new Dropout(0).forward(x)).toBe(x);
    expect([...new Dropout(1).forward(x).dataSync()]).toEqual([0, 0, 0, 0]);
    expect(layer.rngs!.count.value).toBe(0);
  });

  it("takes its key from the call before its own stream", () => {
    const x = tf.ones([64]);
    const layer = new Dropout(0.5, { rngs: new Rngs(0) });
    const key = random.key(7);
    const byKey = layer.forward(x, { rngs: key }).dataSync();
    const mask = random.bernoulli(key, 0.5, [64]).dataSync();
    expect([...byKey]).toEqual([...mask].map((keep) => 2 * keep));
    const stream = new RngStream(7, { tag: "dropout" });
    layer.forward(x, { rngs: stream });
    expect(stream.count.value).toBe(1);
    expect(layer.rngs!.count.value).toBe(0);
  });

  it("takes keys in a batch: row i is what the i-th key gives for it alone", () => {
    const keys = random.split(random.key(3), 4);
    const x = random.normal(random.key(1), [4, 3, 5]);
    for (const broadcastDims of [[], [0], [-1]]) {
      const layer = new Dropout(0.5, { broadcastDims });
      const together = layer.forward(x, { rngs: keys });
      tf.unstack(x).forEach((row, i) => {
        const alone = layer.forward(row, { rngs: keys.at(i) });
        expect([...tf.gather(together, i).dataSync()]).toEqual([...alone.dataSync()]);
      });
    }
    expect(() => new Dropout(0.5).forward(tf.ones([3, 5]), { rngs: keys })).toThrow(
      /Dropout\.forward: expected an input of shape \[4, \.\.\.\] for keys of shape \[4\]/,
    );
  });

  it.each([
    ["a rate above 1", () => new Dropout(1.5), /Dropout: expected a rate between 0 and 1, got 1.5/],
    ["a rate that is no number", () => new Dropout(Number.NaN), /between 0 and 1, got NaN/],
    [
      "a call without a stream",
      () => new Dropout(0.5).forward(tf.ones([2])),
      /Dropout\.forward: expected an RNG stream.*Pass \{ rngs \}/,
    ],
    [
      "a mode that nobody set",
      () => new Dropout(0.5, { deterministic: null }).forward(tf.ones([2])),
      /deterministic to be true or false/,
    ],
    [
      "rngs that give no keys",
      () => new Dropout(0.5, { rngs: "test" as unknown as Rngs }),
      /Dropout: expected rngs to be Rngs, an RngStream or null, got "test"/,
    ],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});
