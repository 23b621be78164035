/**
 * @file Reading and writing by index. The transpose of reading is adding into zeros, and vice
 * versa.
 */
import { addRows, sizeOf } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { GatherV2Attrs, Tensor, TopKAttrs } from "@tensorflow/tfjs-core";
import { type GradientRule, rule, zeroRule } from "./rule.ts";
import { only } from "./select.ts";
import { zero } from "./zero.ts";

/** dx[..., indices[i], ...] += dy[..., i, ...]. */
const gather: GradientRule = rule<GatherV2Attrs>("GatherV2")({
  inputs: ["x", "indices"],
  save: ["indices"],
  backward: (dy, { shapes, saved: { indices }, attrs }) => ({
    x: () => {
      const axis = attrs.axis < 0 ? attrs.axis + shapes.x.length : attrs.axis;
      const batchDims = attrs.batchDims < 0 ? attrs.batchDims + shapes.indices.length : attrs.batchDims;
      const batch = sizeOf(shapes.x.slice(0, batchDims));
      const outer = sizeOf(shapes.x.slice(batchDims, axis));
      const size = shapes.x[axis]!;
      const inner = sizeOf(shapes.x.slice(axis + 1));
      const count = indices.size / batch;
      if (dy.size === 0) return tf.zeros(shapes.x);
      // [batch, outer, count, inner] → [batch * count, outer * inner]. Each batch has its own range
      // of rows.
      const byIndex = (x: Tensor): Tensor => (outer === 1 ? x : tf.transpose(x, [0, 2, 1, 3]));
      const rows = tf.reshape(byIndex(tf.reshape(dy, [batch, outer, count, inner])), [
        batch * count,
        outer * inner,
      ]);
      const ids =
        batch === 1
          ? indices
          : tf.add(
              tf.reshape(indices, [batch, count]),
              tf.reshape(tf.range(0, batch * size, size, "int32"), [batch, 1]),
            );
      const summed = addRows(rows, tf.reshape(ids, [batch * count]), batch * size);
      const grouped =
        outer === 1 ? summed : tf.transpose(tf.reshape(summed, [batch, size, outer, inner]), [0, 2, 1, 3]);
      return tf.reshape(grouped, shapes.x);
    },
    indices: () => zero(shapes.indices),
  }),
});

/** dx[indices[i]] += dy[i]. */
const gatherNd: GradientRule = rule("GatherNd")({
  inputs: ["params", "indices"],
  save: ["indices"],
  backward: (dy, { shapes, saved: { indices } }) => ({
    params: () => (dy.size === 0 ? tf.zeros(shapes.params) : tf.scatterND(indices, dy, shapes.params)),
    indices: () => zero(shapes.indices),
  }),
});

/**
 * Each update receives the gradient at its index. Updates with equal indices were summed, so each
 * receives all of it.
 */
const scatterNd: GradientRule = rule("ScatterNd")({
  inputs: ["indices", "updates"],
  save: ["indices"],
  backward: (dy, { shapes, saved: { indices } }) => ({
    indices: () => zero(shapes.indices),
    updates: () => tf.reshape(tf.gatherND(dy, indices), shapes.updates),
  }),
});

/** Overwritten positions pass their gradient to the update instead of the input. */
const tensorScatterUpdate: GradientRule = rule("TensorScatterUpdate")({
  inputs: ["tensor", "indices", "updates"],
  save: ["indices"],
  backward: (dy, { shapes, saved: { indices } }) => ({
    tensor: () => {
      // Not with the kernel `TensorScatterUpdate`, because cpu's own overwrites its input.
      const writes = tf.scatterND(indices, tf.ones(shapes.updates), shapes.tensor);
      return only(tf.equal(writes, 0), dy);
    },
    indices: () => zero(shapes.indices),
    updates: () => tf.reshape(tf.gatherND(dy, indices), shapes.updates),
  }),
});

const sparseToDense: GradientRule = rule("SparseToDense")({
  inputs: ["sparseIndices", "sparseValues", "defaultValue"],
  save: ["sparseIndices"],
  backward: (dy, { shapes, saved: { sparseIndices } }) => {
    const rank = dy.rank;
    const [count] = sparseIndices.rank === 0 ? [1] : (sparseIndices.shape as [number]);
    const written = (): Tensor => tf.gatherND(dy, tf.reshape(sparseIndices, [count, rank]));
    return {
      sparseIndices: () => zero(shapes.sparseIndices),
      // One value may serve all indices.
      sparseValues: () =>
        tf.reshape(sizeOf(shapes.sparseValues) === 1 ? tf.sum(written()) : written(), shapes.sparseValues),
      defaultValue: () => tf.reshape(tf.sub(tf.sum(dy), tf.sum(written())), shapes.defaultValue),
    };
  },
});

/**
 * Each element receives the gradient of its segment. Elements outside of `[0, numSegments)` were
 * dropped and receive zero.
 */
const unsortedSegmentSum: GradientRule = rule<{ numSegments: number }>("UnsortedSegmentSum")({
  inputs: ["x", "segmentIds"],
  save: ["segmentIds"],
  backward: (dy, { shapes, saved: { segmentIds }, attrs: { numSegments } }) => ({
    x: () => {
      if (sizeOf(shapes.x) === 0) return tf.zeros(shapes.x);
      const ids = tf.cast(segmentIds, "float32");
      const kept = tf.logicalAnd(tf.greaterEqual(ids, 0), tf.less(ids, numSegments));
      const rows = tf.gather(dy, tf.cast(tf.mul(ids, tf.cast(kept, "float32")), "int32"));
      const column = tf.reshape(kept, [...shapes.segmentIds, ...Array<number>(rows.rank - 1).fill(1)]);
      return tf.reshape(tf.where(column, rows, tf.zerosLike(rows)), shapes.x);
    },
    segmentIds: () => zero(shapes.segmentIds),
  }),
});

/** The gradient of each value goes to the position that the value came from. */
const topK: GradientRule = rule<TopKAttrs>("TopK")({
  inputs: ["x"],
  saveOutput: 1,
  backward: (dy, { shapes, output: indices }) => ({
    x: () => {
      const n = shapes.x.at(-1)!;
      const size = sizeOf(shapes.x);
      const outer = size / n;
      if (dy.size === 0) return tf.zeros(shapes.x);
      const rows = tf.reshape(tf.range(0, size, n, "int32"), [outer, 1]);
      const ids = tf.add(tf.reshape(indices, [outer, dy.size / outer]), rows);
      return tf.reshape(addRows(tf.reshape(dy, [dy.size]), tf.reshape(ids, [dy.size]), size), shapes.x);
    },
  }),
});

/** The diagonal of dy, whose shape is that of x twice over. */
const diag: GradientRule = rule("Diag")({
  inputs: ["x"],
  backward: (dy, { shapes }) => ({
    x: () => {
      const n = sizeOf(shapes.x);
      return tf.reshape(tf.sum(tf.mul(tf.reshape(dy, [n, n]), tf.eye(n)), 1), shapes.x);
    },
  }),
});

/** Rules for gathers, scatters, segment sums, `topk`, `oneHot` and `diag`. */
export const gatherRules: readonly GradientRule[] = [
  gather,
  gatherNd,
  scatterNd,
  tensorScatterUpdate,
  sparseToDense,
  unsortedSegmentSum,
  topK,
  diag,
  zeroRule("OneHot", "indices"),
  zeroRule("Multinomial", "logits"),
];
