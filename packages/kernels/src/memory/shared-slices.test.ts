import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../../scripts/use-backend.ts";
import { sharedSlices } from "./shared-slices.ts";

const counts = () => {
  const { numTensors, numDataBuffers } = tf.memory();
  return [numTensors, numDataBuffers, tf.engine().backend.numDataIds()];
};

describe("sharedSlices", () => {
  beforeAll(() => useBackend("wasm"));
  afterAll(() => useBackend("cpu"));

  it("gives the rows where they are, and gives those that stay memory of their own", () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const slices = sharedSlices(x)!;
    const { backend } = tf.engine();
    const [kept, freed, shared] = [slices.at(1), slices.at(2), slices.at(0)];
    expect([kept.shape, [...kept.dataSync()], [...freed.dataSync()]]).toEqual([[2], [3, 4], [5, 6]]);
    expect([...tf.add(kept, freed).dataSync()]).toEqual([8, 10]);
    expect(backend.refCount(x.dataId)).toBe(2);
    freed.dispose();
    const reshaped = tf.reshape(shared, [2, 1]);
    shared.dispose();
    // The memory outlives the tensor until the sharing ends.
    x.dispose();
    slices.end();
    const other = tf.fill([3, 2], 9);
    expect([...kept.dataSync(), ...reshaped.dataSync()]).toEqual([3, 4, 1, 2]);
    expect([...tf.matMul(tf.reshape(kept, [1, 2]), tf.ones([2, 1])).dataSync()]).toEqual([7]);
    tf.dispose([kept, reshaped, other]);
  });

  it("leaves nothing behind", () => {
    const x = tf.tensor2d([1, 0, 1, 1], [2, 2], "bool");
    const before = counts();
    for (let i = 0; i < 3; i++) {
      const slices = sharedSlices(x)!;
      const kept = tf.tidy(() => {
        slices.at(0);
        return slices.at(1);
      });
      slices.end();
      expect([...kept.dataSync()]).toEqual([1, 1]);
      kept.dispose();
      expect(counts()).toEqual(before);
    }
    expect([...x.dataSync()]).toEqual([1, 0, 1, 1]);
    x.dispose();
  });

  it("survives that the tensor, or a slice, moves to another backend", async () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const slices = sharedSlices(x)!;
    const [moved, stays] = [slices.at(0), slices.at(1)];
    await tf.setBackend("cpu");
    expect([...tf.add(moved, x).dataSync()]).toEqual([2, 4, 4, 6]);
    await tf.setBackend("wasm");
    tf.fill([2, 2], 7);
    expect([...tf.neg(stays).dataSync()]).toEqual([-3, -4]);
    slices.end();
    expect([...moved.dataSync(), ...stays.dataSync(), ...x.dataSync()]).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    tf.dispose([moved, stays, x]);
  });

  it("is for tensors with elements, outside of tapes", async () => {
    expect(sharedSlices(tf.zeros([0, 2]))).toBeUndefined();
    expect(sharedSlices(tf.tensor1d(["a"]))).toBeUndefined();
    const { state } = tf.engine();
    state.gradientDepth++;
    expect(sharedSlices(tf.ones([2]))).toBeUndefined();
    state.gradientDepth--;
    await tf.setBackend("cpu");
    expect(sharedSlices(tf.ones([2]))).toBeUndefined();
    await tf.setBackend("wasm");
  });
});
