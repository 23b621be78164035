import { grad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { edges, edgeTensor, expectEdge, weightedSum } from "../../test/edges.ts";
import { dynamicUpdateSlice, takeAlongAxis } from "../index.ts";

const takes = edges.indexing.filter(({ ids }) => ids !== undefined);
const updates = edges.indexing.filter(({ starts }) => starts !== undefined);
const values = (x: tf.Tensor): number[] => [...x.dataSync()];

onEachBackend("indexing", () => {
  it.each(takes)("$name: value and gradients of both orders", ({ inputs, value, gradients, ...edge }) => {
    const ids = edgeTensor(edge.ids!);
    const f = (v: tf.Tensor): tf.Tensor => takeAlongAxis(v, ids, edge.axis);
    const x = edgeTensor(inputs[0]!);
    expectEdge(f(x), value, "value");
    const first = grad((v: tf.Tensor) => weightedSum(f(v)));
    expectEdge(first(x), gradients[0]!, "gradient");
    // The second derivative of a linear function is 0. That of its square is twice the first.
    const second = grad((v: tf.Tensor) => tf.sum(grad((w: tf.Tensor) => tf.sum(tf.square(f(w))))(v)));
    const taken = grad((v: tf.Tensor) => tf.sum(f(v)))(x);
    expect(values(second(x))).toEqual(values(tf.mul(2, taken)));
  });

  it.each(updates)("$name: value and gradients, with starts as numbers and as tensors", (edge) => {
    const [x, update] = edge.inputs.map(edgeTensor) as [tf.Tensor, tf.Tensor];
    const starts = edge.starts!;
    const ways = [
      starts,
      tf.tensor1d([...starts], "int32"),
      starts.map((start) => tf.scalar(start, "int32")),
      starts.map((start, i) => (i === 1 ? tf.tensor1d([start], "int32") : start)),
    ];
    for (const at of ways) {
      const f = (v: tf.Tensor, u: tf.Tensor): tf.Tensor => dynamicUpdateSlice(v, u, at);
      expectEdge(f(x, update), edge.value, "value");
      const slopes = grad((v: tf.Tensor, u: tf.Tensor) => weightedSum(f(v, u)), { argnums: [0, 1] })(
        x,
        update,
      );
      for (const [i, slope] of slopes.entries())
        expectEdge(slope as tf.Tensor, edge.gradients[i]!, `gradient ${i}`);
    }
  });

  it("takes integers and bools", () => {
    const ids = tf.tensor2d([5, 0, -1, -9], [1, 4], "int32");
    // jnp.take_along_axis(jnp.array([[1, 2, 3]]), ids, 1), and of [[True, False, True]]
    expect(values(takeAlongAxis(tf.tensor2d([1, 2, 3], [1, 3], "int32"), ids, 1))).toEqual([
      -(2 ** 31),
      1,
      3,
      -(2 ** 31),
    ]);
    expect(values(takeAlongAxis(tf.tensor2d([1, 0, 1], [1, 3], "bool"), ids, 1))).toEqual([1, 1, 1, 1]);
    expect(
      values(takeAlongAxis(tf.tensor2d([0, 1], [1, 2], "bool"), tf.tensor2d([0], [1, 1], "int32"))),
    ).toEqual([0]);
  });

  it("repeats sizes of 1", () => {
    const ids = tf.zeros([1, 2], "int32");
    expect(values(takeAlongAxis(tf.tensor2d([1, 2, 3, 4], [2, 2]), ids, 1))).toEqual([1, 1, 3, 3]);
    expect(takeAlongAxis(tf.ones([1, 3]), tf.zeros([4, 2], "int32"), 1).shape).toEqual([4, 2]);
    expect(values(takeAlongAxis(tf.zeros([2, 0]), tf.zeros([2, 1], "int32"), 1))).toEqual([
      Number.NaN,
      Number.NaN,
    ]);
  });

  it("puts booleans among booleans", () => {
    const x = tf.tensor2d([1, 0, 1, 1, 0, 0, 1, 0], [2, 4], "bool");
    const result = dynamicUpdateSlice(x, tf.tensor2d([1], [1, 1], "bool"), [1, 1]);
    expect(result.dtype).toBe("bool");
    expect(values(result)).toEqual([1, 0, 1, 1, 0, 1, 1, 0]);
  });

  it("leaves what it updates as it was", () => {
    const x = tf.tensor1d([1, 2, 3]);
    expect(values(dynamicUpdateSlice(x, tf.tensor1d([9]), [1]))).toEqual([1, 9, 3]);
    expect(values(x)).toEqual([1, 2, 3]);
    expect(values(dynamicUpdateSlice(tf.tensor1d([1, 2], "int32"), tf.tensor1d([9], "int32"), [1]))).toEqual([
      1, 9,
    ]);
  });
});

describe("indexing", () => {
  it("says what does not fit", () => {
    const x = tf.ones([2, 3]);
    expect(() => takeAlongAxis(x, tf.zeros([2, 3]), 1)).toThrow("takeAlongAxis: expected int32 indices");
    expect(() => takeAlongAxis(x, tf.zeros([3], "int32"), 1)).toThrow("expected indices with the axes of x");
    expect(() => takeAlongAxis(x, tf.zeros([3, 1], "int32"), 1)).toThrow(
      "of equal sizes or 1 but for axis 1",
    );
    expect(() => takeAlongAxis(x, tf.zeros([2, 1], "int32"), 2)).toThrow("expected an axis from -2 to 1");
    expect(() => dynamicUpdateSlice(x, tf.ones([3, 3]), [0, 0])).toThrow("none longer than those of x");
    expect(() => dynamicUpdateSlice(x, tf.ones([1, 1]), [0])).toThrow("an integer for each of the 2 axes");
    expect(() => dynamicUpdateSlice(x, tf.ones([1, 1]), [0, 0.5])).toThrow(
      "an integer for each of the 2 axes",
    );
    expect(() => dynamicUpdateSlice(x, tf.ones([1, 1], "int32"), [0, 0])).toThrow("of its dtype");
  });
});
