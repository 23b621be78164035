import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { newTensor, tensorWithoutValues, withoutValues } from "../internal.ts";

const x = (): tf.Tensor4D => tf.ones([2, 6, 5, 3]);
const m = () => tf.ones<tf.Rank.R2>([4, 3]);
const i = () => tf.tensor1d([0, 2], "int32");

/** Ops of every family of kernels. */
const ops: Record<string, () => tf.Tensor | tf.Tensor[]> = {
  unary: () => [
    tf.exp(m()),
    tf.relu(m()),
    tf.softmax(m()),
    tf.cumsum(m(), 1),
    tf.reverse(m(), 0),
    tf.logicalNot(tf.cast(m(), "bool")),
  ],
  binary: () => [
    tf.add(m(), tf.ones([3])),
    tf.maximum(m(), 1),
    tf.less(m(), 1),
    tf.floorDiv(tf.cast(m(), "int32"), tf.scalar(2, "int32")),
    tf.prelu(m(), m()),
  ],
  reductions: () => [
    tf.sum(x(), [1, -1]),
    tf.mean(x(), 2, true),
    tf.max(x()),
    tf.any(tf.cast(m(), "bool"), 0),
    tf.argMax(m(), 1),
    tf.prod(m()),
  ],
  products: () => [
    tf.matMul(m(), m(), false, true),
    tf.matMul(tf.ones([5, 1, 2, 3]), tf.ones([2, 3, 4])),
    tf.dot(m(), tf.ones([3])),
    tf.einsum("ab,cb->ca", m(), m()),
  ],
  forms: () => [
    tf.reshape(x(), [2, -1, 3]),
    tf.transpose(x(), [3, 0, 2, 1]),
    tf.expandDims(m(), -1),
    tf.squeeze(tf.ones([1, 3])),
    tf.tile(m(), [2, 1]),
    tf.broadcastTo(tf.ones([3]), [4, 3]),
  ],
  parts: () => [
    tf.slice(x(), [0, 1], [1, 2]),
    tf.stridedSlice(x(), [0, 1], [2, 5], [1, 2]),
    tf.gather(m(), i(), 1),
    ...tf.split(m(), [1, 2], 1),
    ...tf.unstack(m()),
    tf.gatherND(m(), tf.tensor2d([[0, 1]], [1, 2], "int32")),
  ],
  joins: () => [
    tf.concat([m(), m()], 1),
    tf.stack([m(), m()], 2),
    tf.pad(m(), [
      [1, 0],
      [0, 2],
    ]),
    tf.mirrorPad(
      m(),
      [
        [1, 1],
        [0, 0],
      ],
      "reflect",
    ),
  ],
  made: () => [
    tf.fill([2, 2], 3),
    tf.range(0, 5, 2),
    tf.linspace(0, 1, 4),
    tf.zeros([2]),
    tf.eye(3),
    tf.oneHot(i(), 4),
    tf.scatterND(tf.tensor2d([[1]], [1, 1], "int32"), tf.ones([1]), [4]),
  ],
  choices: () => [
    tf.where(tf.less(m(), 1), m(), m()),
    tf.topk(m(), 2).indices,
    tf.unsortedSegmentSum(m(), tf.tensor1d([0, 1, 1, 0], "int32"), 2),
    tf.clipByValue(m(), 0, 1),
  ],
  convolutions: () => [
    tf.conv2d(x(), tf.ones([3, 3, 3, 7]), 2, "same"),
    tf.depthwiseConv2d(x(), tf.ones([3, 2, 3, 2]), 1, "valid"),
    tf.conv2dTranspose(x(), tf.ones([3, 3, 4, 3]), [2, 12, 10, 4], 2, "same"),
    tf.conv3d(tf.ones<tf.Rank.R5>([1, 4, 4, 4, 2]), tf.ones([2, 2, 2, 2, 3]), 1, "valid"),
  ],
  pools: () => [
    tf.maxPool(x(), 2, 2, "valid"),
    tf.avgPool(x(), [3, 2], 1, "same"),
    tf.maxPool3d(tf.ones<tf.Rank.R5>([1, 4, 4, 4, 2]), 2, 2, "valid"),
    tf.avgPool3d(tf.ones<tf.Rank.R5>([1, 4, 4, 4, 2]), 2, 1, "same"),
  ],
};

const formsOf = (made: tf.Tensor | tf.Tensor[]): string[] =>
  [made].flat().map(({ dtype, shape }) => `${dtype}[${shape.join(",")}]`);

onEachBackend("shapes without values", () => {
  it.each(Object.entries(ops))("are those of the kernels: %s", (_name, run) => {
    mendKernels();
    const wanted = tf.tidy(() => ({ of: formsOf(run()) })).of;
    const before = tf.memory();
    expect(withoutValues(() => tf.tidy(() => ({ of: formsOf(run()) }))).of).toEqual(wanted);
    expect(tf.memory()).toEqual(before);
  });
});

describe("tensors without values", () => {
  it("are not filled, and cannot be read", () => {
    withoutValues(() =>
      tf.tidy(() => {
        const made = newTensor("float32", [3], () => {
          throw new Error("filled");
        });
        expect(made.shape).toEqual([3]);
        expect(() => made.dataSync()).toThrow(/evalShape: expected a function that does not read tensors/);
        // What a program wrote itself is there.
        expect([...tf.tensor1d([1, 2]).dataSync()]).toEqual([1, 2]);
      }),
    );
    expect(() => tensorWithoutValues([1], "float32")).toThrow(/an open run without values/);
  });
});
