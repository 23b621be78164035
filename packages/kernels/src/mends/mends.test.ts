import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { backends, useBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels, restoreKernels } from "../mend-kernels.ts";
import { allMends } from "./all-mends.ts";

const values = (x: tf.Tensor): number[] => [...x.dataSync()];

/** Fills memory with 777 and frees it, so that a kernel that does not write its result shows it. */
function leaveNumbersBehind(): void {
  tf.dispose([1, 4, 16, 64, 256].flatMap((n) => [tf.fill([n], 777), tf.fill([n], 777), tf.fill([n], 777)]));
}

describe.each(backends)("kernels on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
    mendKernels();
  });
  afterAll(async () => {
    await useBackend("cpu");
  });

  it("take one tensor as right operand in two shapes", () => {
    // wasm packs a right operand once, and recognises it by its data.
    const x = tf.tensor1d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const ones = (n: number): tf.Tensor2D => tf.ones([1, n]);
    expect(values(tf.matMul(ones(3), tf.reshape(x, [3, 4])))).toEqual([15, 18, 21, 24]);
    expect(values(tf.matMul(ones(4), tf.reshape(x, [4, 3])))).toEqual([22, 26, 30]);
    expect(values(tf.matMul(ones(12), tf.reshape(x, [12, 1])))).toEqual([78]);
    expect(values(tf.matMul(ones(3), tf.reshape(x, [3, 4])))).toEqual([15, 18, 21, 24]);
    const fused = tf.fused.matMul({ a: ones(2), b: tf.reshape(x, [2, 6]), bias: tf.zeros([6]) });
    expect(values(fused)).toEqual([8, 10, 12, 14, 16, 18]);
    expect(values(tf.fused.matMul({ a: ones(6), b: tf.reshape(x, [6, 2]), bias: tf.zeros([2]) }))).toEqual([
      36, 42,
    ]);
  });

  it("give nothing but what they computed over nothing", () => {
    leaveNumbersBehind();
    const nothing = (): tf.Tensor => tf.zeros([2, 0]);
    expect(values(tf.sum(nothing(), 1))).toEqual([0, 0]);
    expect(tf.sum(nothing(), 1, true).shape).toEqual([2, 1]);
    expect(values(tf.mean(nothing(), 1))).toEqual([Number.NaN, Number.NaN]);
    expect(values(tf.max(nothing()))).toEqual([Number.NEGATIVE_INFINITY]);
    expect(values(tf.min(nothing(), 1))).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(values(tf.max(tf.zeros([0], "int32")))).toEqual([-(2 ** 31)]);
    expect(values(tf.prod(nothing(), 1))).toEqual([1, 1]);
    expect(values(tf.all(tf.zeros([2, 0], "bool"), 1))).toEqual([1, 1]);
    expect(values(tf.any(tf.zeros([2, 0], "bool"), 1))).toEqual([0, 0]);
    expect(values(tf.matMul(tf.zeros([1, 0]), tf.zeros([0, 2])))).toEqual([0, 0]);
    expect(tf.sum(nothing(), 0).shape).toEqual([0]);
  });

  it("choose from nothing without writing beyond it", () => {
    // Empty results go into the holes between tensors, which a write past their end would hit.
    const rows = Array.from({ length: 200 }, () => tf.fill([4], 777));
    const kept = rows.filter((_, i) => i % 2 === 0);
    for (const row of rows) if (!kept.includes(row)) row.dispose();
    const nothing = tf.zeros([0, 64]);
    const chosen = Array.from({ length: 50 }, () => tf.where(tf.ones([1, 64], "bool"), nothing, nothing));
    for (const each of chosen) expect(each.shape).toEqual([0, 64]);
    for (const row of kept) expect(values(row)).toEqual([777, 777, 777, 777]);
    tf.dispose([kept, nothing, chosen]);
  });

  it("put nothing together so that it can be cut", () => {
    const nothing = tf.zeros([0, 2]);
    const put = tf.concat([nothing, tf.zeros([0, 1])], 1);
    expect(tf.slice(put, [0, 1], [0, 2]).shape).toEqual([0, 2]);
    expect(tf.slice(put, [0, 0], [0, 3]).shape).toEqual([0, 3]);
    const ids = tf.zeros([0, 1], "int32");
    expect(tf.slice(tf.gatherND(tf.ones([2, 3]), ids), [0, 0], [0, 3]).shape).toEqual([0, 3]);
    expect(tf.concat([tf.tensor([], [0, 1], "string"), tf.tensor([], [0, 1], "string")], 1).dtype).toBe(
      "string",
    );
    const before = tf.memory().numDataBuffers;
    tf.dispose(tf.concat([nothing, nothing], 0));
    expect(tf.memory().numDataBuffers).toBe(before);
  });

  it("gather by batch, and refuse positions outside", () => {
    const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2]);
    const ids = tf.tensor2d([2, 0, 1, 1], [2, 2], "int32");
    const y = tf.gather(x, ids, 1, 1);
    expect([y.shape, values(y)]).toEqual([
      [2, 2, 2],
      [5, 6, 1, 2, 9, 10, 9, 10],
    ]);
    const flat = tf.gather(tf.reshape(x, [2, 6]), tf.tensor1d([5, 0], "int32"), 1, 0);
    expect(values(flat)).toEqual([6, 1, 12, 7]);
    expect(tf.gather(x, tf.zeros([2, 0], "int32"), 1, 1).shape).toEqual([2, 0, 2]);
    expect(tf.gather(x, tf.tensor1d([], "int32"), 1).shape).toEqual([2, 0, 2]);
    // cpu's own kernel checks this too.
    expect(() => tf.gather(x, tf.tensor2d([3, 0, 1, 1], [2, 2], "int32"), 1, 1)).toThrow("not in [0, 2]");
  });

  it("leave the input of an update as it was", () => {
    const x = tf.tensor1d([1, 2, 3]);
    const y = tf.tensorScatterUpdate(x, tf.tensor2d([1], [1, 1], "int32"), tf.tensor1d([9]));
    expect([values(y), values(x)]).toEqual([
      [1, 9, 3],
      [1, 2, 3],
    ]);
  });

  it("convolve with a window smaller than its stride", () => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
    const window = tf.ones<tf.Rank.R4>([2, 2, 1, 1]);
    // The output is one window of 2×2 elements, so nothing is padded.
    expect(values(tf.conv2d(x, window, 3, "same"))).toEqual([12]);
    expect(values(tf.depthwiseConv2d(x, window, 3, "same"))).toEqual([12]);
    expect(values(tf.fused.conv2d({ x, filter: window, strides: 3, pad: "same" }))).toEqual([12]);
    const row = tf.reshape(x, [1, 1, 9, 1]) as tf.Tensor4D;
    // [1, 2], [5, 6], [9, padding]
    expect(values(tf.conv2d(row, tf.ones<tf.Rank.R4>([1, 2, 1, 1]), [1, 4], "same"))).toEqual([3, 11, 9]);
  });

  it("take everything but 0 for true", () => {
    const bools = tf.cast(tf.tensor1d([0, -0, 0.5, -1, 256, Number.NaN, Number.POSITIVE_INFINITY]), "bool");
    expect(values(bools)).toEqual([0, 0, 1, 1, 1, 1, 1]);
    expect(values(tf.cast(tf.tensor1d([0, 256, -1], "int32"), "bool"))).toEqual([0, 1, 1]);
  });

  it("leave no tensors and no data behind", () => {
    const x = tf.ones([2, 3]);
    const data = (): number => tf.engine().backend.numDataIds();
    const before = [tf.memory().numTensors, data()];
    tf.tidy(() => {
      tf.matMul(tf.ones([1, 3]), tf.reshape(x, [3, 2]));
      tf.matMul(tf.ones([1, 2]), x);
      tf.add(tf.zeros([2, 1, 2, 1, 2, 1, 2]), tf.zeros([1, 2, 1, 2, 1, 2, 1]));
      tf.pad(tf.zeros([1, 1, 1, 1, 1, 2, 3]), Array(7).fill([1, 0]) as [number, number][]);
      tf.tensorScatterUpdate(x, tf.zeros([1, 1], "int32"), tf.zeros([1, 3]));
      tf.maxPool(tf.ones<tf.Rank.R4>([1, 2, 2, 1]), 2, 1, "valid");
      tf.einsum("ij,kj,k->i", x, x, tf.ones([2]));
      tf.matMul(tf.zeros([2, 1, 2, 3]), tf.zeros([1, 4, 3, 2]));
    });
    expect([tf.memory().numTensors, data()]).toEqual(before);
    x.dispose();
  });

  it("are given back", () => {
    const names = allMends.filter((mended) => mended.backends.includes(backend)).map((m) => m.kernelName);
    const now = (): unknown[] => names.map((name) => tf.getKernel(name, backend));
    const mended = now();
    restoreKernels();
    const stock = now();
    for (const [i, kernel] of stock.entries()) expect(kernel, names[i]).not.toBe(mended[i]);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    mendKernels();
    const again = now();
    mendKernels();
    expect(now()).toEqual(again);
    for (const [i, kernel] of again.entries()) expect(kernel, names[i]).not.toBe(stock[i]);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
    restoreKernels();
    expect(now()).toEqual(stock);
    // Other test files in this process need the mended kernels.
    mendKernels();
  });
});
