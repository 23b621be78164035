/** @file The extrema of rows, and softmax, on webgl and webgpu. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { GPU, int, runForEach } from "../../gpu/program.ts";
import { filled } from "../../memory/access.ts";
import { axesOf, keepDims, sizeOf, withShape } from "../../shape.ts";
import { type Mend, mend, scoped } from "../../mend.ts";

interface ReduceAttrs {
  axis?: number | number[] | null;
  /** The name that `Max` has for `axis`. */
  reductionIndices?: number | number[] | null;
  keepDims?: boolean;
}

/** As many elements as one run of the program goes over. */
const PART = 64;

/** The largest or smallest element of each part of a row, or NaN. */
const partsOf = (isBetter: ">" | "<"): string => `
  var_int row = at / UNIFORM_parts; var_int first = (at - row * UNIFORM_parts) * ${PART};
  var_float best = getX(row, first);
  for (var_int k = 1; k < ${PART}; k++) {
    if (first + k < UNIFORM_columns) {
      var_float v = getX(row, first + k);
      if (v ${isBetter} best || isnan(v)) { best = v; }
    }
  }
  return best;`;

const extremum = (kernelName: "Max" | "Min", isBetter: ">" | "<"): Mend =>
  mend<"x", ReduceAttrs>(kernelName, GPU, ({ inputs: { x }, attrs, backend, stock }) => {
    if (x.dtype !== "float32" || sizeOf(x.shape) === 0) return stock();
    const rank = x.shape.length;
    const axes = axesOf(attrs.axis ?? attrs.reductionIndices, rank);
    if (axes.length === 0) return stock();
    const others = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
    const rows = sizeOf(others.map((axis) => x.shape[axis]!));
    return scoped(() => {
      const isLast = axes.every((axis) => axis >= rank - axes.length);
      const moved = isLast ? (x as Tensor) : tf.transpose(x as Tensor, [...others, ...axes]);
      const shape = attrs.keepDims ? keepDims(x.shape, axes) : others.map((axis) => x.shape[axis]!);
      let columns = sizeOf(x.shape) / rows;
      let y: Tensor = tf.reshape(moved, [rows, columns]);
      for (;;) {
        const parts = Math.ceil(columns / PART);
        const found = runForEach(
          backend,
          { name: kernelName, body: partsOf(isBetter), inputs: ["X"] },
          [y],
          rows * parts,
          "float32",
          [int("parts", parts), int("columns", columns)],
        );
        if (parts === 1) return withShape(found, shape);
        y = tf.engine().makeTensorFromTensorInfo(withShape(found, [rows, parts]));
        columns = parts;
      }
    });
  });

/** By the kernels of its parts. */
const softmax: Mend = mend<"logits", { dim: number }>(
  "Softmax",
  GPU,
  ({ inputs: { logits }, attrs: { dim }, backend, stock }) => {
    const { shape } = logits;
    if (sizeOf(shape) === 0) return filled(backend, { shape, dtype: "float32" }, 0);
    if (logits.dtype !== "float32") return stock();
    return scoped(() => {
      const x = logits as Tensor;
      const y = tf.exp(tf.sub(x, tf.max(x, dim, true)));
      return tf.div(y, tf.sum(y, dim, true));
    });
  },
);

/** Replacements of kernels of rows. */
export const gpuRowMends: readonly Mend[] = [extremum("Max", ">"), extremum("Min", "<"), softmax];
