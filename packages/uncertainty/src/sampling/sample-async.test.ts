import { Module } from "@nnxjs/nnx-core";
import { DropConnectLinear, Linear, relu } from "@nnxjs/layers";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it, vi } from "vitest";
import { sample, sampleAsync } from "../index.ts";

class Net extends Module {
  readonly first: Linear = new Linear(3, 8, { rngs: new Rngs(0) });
  readonly third: DropConnectLinear = new DropConnectLinear(new Linear(8, 4, { rngs: new Rngs(3) }), 0.25, {
    rngs: new Rngs(1),
  });
  forward(x: tf.Tensor): tf.Tensor {
    return this.third.forward(relu(this.first.forward(x)));
  }
}
const key = random.key(0);
const x = (): tf.Tensor2D => random.normal(random.key(5), [7, 3]) as tf.Tensor2D;
/** The mode and the stream of a model, as text. */
const snapshot = ({ third }: Net): string =>
  [third.deterministic, third.masks, third.rngs!.key.value, JSON.stringify(third.rngs!.count.value)].join();

describe("sampleAsync", () => {
  it("gives what sample gives", async () => {
    const model = new Net();
    const options = { key, outputs: "logits", batchSize: 4 } as const;
    expect((await sampleAsync(model, x(), 4, options)).data).toEqual(sample(model, x(), 4, options).data);
    const moments = await sampleAsync(model, x(), 4, { ...options, keep: "moments" });
    expect(moments).toEqual(sample(model, x(), 4, { ...options, keep: "moments" }));
  });

  it("lets others run between slices, with the model as it was", async () => {
    const model = new Net();
    model.eval();
    const before = snapshot(model);
    const plain = model.forward(x()).dataSync();
    const reference = sample(model, x(), 6, { key });
    let turns = 0;
    const seen = vi.fn();
    const timer = setInterval(() => {
      turns++;
      seen(snapshot(model) === before, String(model.forward(x()).dataSync()) === String(plain));
      // A draw between slices must not change the result.
      model.third.rngs!.nextKey();
      model.third.rngs!.count.value = 0;
    });
    const samples = await sampleAsync(model, x(), 6, { key, sliceMs: 0 });
    clearInterval(timer);
    expect(samples.data).toEqual(reference.data);
    expect(turns).toBeGreaterThan(0);
    for (const call of seen.mock.calls) expect(call).toEqual([true, true]);
  });

  it("rejects when aborted, with the model as it was and no tensor left", async () => {
    const model = new Net();
    const input = x();
    const before = [snapshot(model), tf.memory().numTensors];
    const controller = new AbortController();
    const running = sampleAsync(model, input, 1000, { key, sliceMs: 0, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 5);
    await expect(running).rejects.toThrow("enough");
    expect([snapshot(model), tf.memory().numTensors]).toEqual(before);
    await expect(sampleAsync(model, input, 0, { key })).rejects.toThrow(/positive number of passes/);
  });
});
