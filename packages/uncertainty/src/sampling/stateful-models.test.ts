/** @file Models that write to their own Variables are as before after sampling, and each pass begins with the same. */
import { BatchStat, flattenState, leafValue, Module, state } from "@nnxjs/nnx-core";
import { Dropout, Linear, SpectralNorm } from "@nnxjs/layers";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { Ensemble, sample, sampleMembers } from "../index.ts";

class Counting extends Module {
  readonly calls: BatchStat<tf.Tensor> = new BatchStat<tf.Tensor>(tf.scalar(1));
  readonly drop: Dropout = new Dropout(0.5, { rngs: new Rngs(0) });
  forward(x: tf.Tensor): tf.Tensor {
    const calls = this.calls.value;
    this.calls.value = tf.add(calls, 1);
    return tf.mul(this.drop.forward(x), calls);
  }
}
class Spectral extends Module {
  readonly layer: SpectralNorm = new SpectralNorm(new Linear(3, 3, { rngs: new Rngs(1) }), {
    rngs: new Rngs(2),
  });
  readonly drop: Dropout = new Dropout(0.5, { rngs: new Rngs(0) });
  forward(x: tf.Tensor): tf.Tensor {
    return this.drop.forward(this.layer.forward(x as tf.Tensor2D) as tf.Tensor);
  }
}

const valuesOf = (model: Module): unknown[] => {
  const all = state(model);
  const values = flattenState(all).map(([, leaf]) => {
    const value = leafValue(leaf);
    return value instanceof tf.Tensor ? [...value.dataSync()] : String(value);
  });
  all[Symbol.dispose]();
  return values;
};
const key = random.key(0);
const x = (): tf.Tensor => random.normal(random.key(5), [5, 3]);

onEachBackend("sampling a model that writes to its Variables", () => {
  it.each([
    ["counts", () => new Counting()],
    ["normalises its weights", () => new Spectral()],
  ])("that %s leaves it as it was, and does not depend on batches or calls before", (_, make) => {
    const model = make();
    const before = valuesOf(model);
    const [all, again] = [sample(model, x(), 4, { key }), sample(model, x(), 4, { key })];
    expect(valuesOf(model)).toEqual(before);
    expect(again.data).toEqual(all.data);
    const inBatches = sample(model, x(), 4, { key, batchSize: 2 });
    for (const [i, value] of inBatches.data.entries()) expect(value).toBeCloseTo(all.data[i] as number, 5);
    const { numTensors } = tf.memory();
    const input = x();
    sample(model, input, 4, { key, batchSize: 2 });
    input.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("leaves members of an ensemble as they were, and what is no part of the model written", () => {
    const members = [new Counting(), new Counting()];
    const calls = new BatchStat<tf.Tensor>(tf.scalar(0));
    sampleMembers(new Ensemble(members), x(), {
      outputs: "values",
      call: (member, rows) => {
        calls.value = tf.add(calls.value, 1);
        return member.forward(rows);
      },
    });
    for (const { calls: own } of members) expect(own.value.dataSync()[0]).toBe(1);
    expect(calls.value.dataSync()[0]).toBe(2);
  });
});
