/** @file Reading and writing by index. Reading's transpose is adding into zeros, and the reverse. */
import * as tf from "@tensorflow/tfjs-core";
import type { GatherV2Attrs, Tensor } from "@tensorflow/tfjs-core";
import { sizeOf } from "./broadcasting.ts";
import { type GradientRule, rule, zeroRule } from "./rule.ts";
import { zero } from "./zero.ts";

/**
 * Adds rows into zeros: `out[ids[i]] += rows[i]`. By `scatterND`, which every backend has.
 * @param rows - `[n, ...]`.
 * @param ids - int32 `[n]`.
 * @returns `[count, ...]`.
 */
export function addRows(rows: Tensor, ids: Tensor, count: number): Tensor {
  const [n, ...rest] = rows.shape as [number, ...number[]];
  if (rows.size === 0 || count === 0) return tf.zeros([count, ...rest]);
  return tf.scatterND(tf.reshape(ids, [n, 1]) as tf.Tensor, rows, [count, ...rest]);
}

/** dx[..., indices[i], ...] += dy[..., i, ...]. */
const gather: GradientRule = rule<GatherV2Attrs>("GatherV2")({
  inputs: ["x", "indices"],
  save: ["indices"],
  backward: (dy, { shapes, saved: { indices }, attrs }) => ({
    x: () => {
      const axis = attrs.axis < 0 ? attrs.axis + shapes.x.length : attrs.axis;
      const { batchDims } = attrs;
      const batch = sizeOf(shapes.x.slice(0, batchDims));
      const outer = sizeOf(shapes.x.slice(batchDims, axis));
      const size = shapes.x[axis]!;
      const inner = sizeOf(shapes.x.slice(axis + 1));
      const count = indices.size / batch;
      if (dy.size === 0) return tf.zeros(shapes.x);
      // [batch, outer, count, inner] → [batch * count, outer * inner]; each batch has its own stretch of rows.
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

/** Gathers, scatters, segment sums, `topk` and `oneHot`. */
export const gatherRules: readonly GradientRule[] = [gather, zeroRule("OneHot", "indices")];
