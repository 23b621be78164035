import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { useBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { useWasmKernels } from "../wasm/module.ts";

beforeEach(async () => {
  await useBackend("cpu");
  mendKernels();
});
afterEach(async () => {
  useWasmKernels(true);
  await useBackend("cpu");
});

async function toWasm(): Promise<void> {
  await useBackend("wasm");
  mendKernels();
}

it("what was cast on cpu has the same numbers on wasm", async () => {
  const ints = tf.tensor1d([1, 2, 3], "int32");
  const bools = tf.tensor1d([true, false, true], "bool");
  const made = [tf.cast(ints, "float32"), tf.cast(bools, "float32"), tf.cast(bools, "int32")];
  await toWasm();
  expect(made.map((x) => [...tf.add(x, 1).dataSync()])).toEqual([
    [2, 3, 4],
    [2, 1, 2],
    [2, 1, 2],
  ]);
  expect([...tf.add(ints, 1).dataSync()]).toEqual([2, 3, 4]);
});

it("integers that float32 has not are rounded by a cast on cpu", () => {
  expect([...tf.cast(tf.tensor1d([2 ** 24 + 1], "int32"), "float32").dataSync()]).toEqual([2 ** 24]);
});

it.each([true, false])(
  "a tensor that makes wasm's heap grow as a kernel gets it (kernels %s)",
  async (on) => {
    // Each is as large as all of the heap is at first.
    const [x, c, ids] = [tf.ones([64, 300_000]), tf.ones([64, 300_000], "bool"), tf.zeros([1], "int32")];
    const y = tf.ones([64, 300_000]);
    await toWasm();
    useWasmKernels(on);
    expect(tf.argMax(x, 0).dataSync()[299_999]).toBe(0);
    const chosen = tf.where(c as tf.Tensor2D, y, 0);
    expect(chosen.dataSync()[64 * 300_000 - 1]).toBe(1);
    expect([...tf.gather(y, ids).shape]).toEqual([1, 300_000]);
    tf.dispose([x, c, ids, y, chosen]);
  },
);
