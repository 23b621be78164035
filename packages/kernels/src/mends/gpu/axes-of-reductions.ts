/** @file Reductions and softmax of webgl and webgpu, which take few axes. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { GPU } from "../../gpu/program.ts";
import { aroundAxis, axesOf, keepDims, sizeOf, withShape } from "../../shape.ts";
import { type Mend, mend, reshaped, scoped } from "../../mend.ts";

interface ReduceAttrs {
  axis?: number | number[] | null;
  /** The name that `Max` has for `axis`. */
  reductionIndices?: number | number[] | null;
  keepDims?: boolean;
}

/** Joins neighbouring axes that are both reduced, or both not. */
function joinedFor(shape: readonly number[], axes: readonly number[]): { sizes: number[]; axes: number[] } {
  const sizes: number[] = [];
  const reduced: boolean[] = [];
  shape.forEach((size, axis) => {
    const isReduced = axes.includes(axis);
    if (sizes.length > 0 && reduced.at(-1) === isReduced) sizes[sizes.length - 1]! *= size;
    else {
      sizes.push(size);
      reduced.push(isReduced);
    }
  });
  return { sizes, axes: reduced.flatMap((is, axis) => (is ? [axis] : [])) };
}

const reduction = (kernelName: string): Mend =>
  mend<"x", ReduceAttrs>(kernelName, GPU, ({ inputs: { x }, attrs, stock }) => {
    if (x.shape.length <= 4 || sizeOf(x.shape) === 0) return stock();
    const over = axesOf(attrs.axis ?? attrs.reductionIndices, x.shape.length);
    const { sizes, axes } = joinedFor(x.shape, over);
    const shape = attrs.keepDims ? keepDims(x.shape, over) : x.shape.filter((_, i) => !over.includes(i));
    const along = (y: Tensor, over: number[]): TensorInfo =>
      stock(
        { x: y },
        { ...("reductionIndices" in attrs ? { reductionIndices: over } : { axis: over }), keepDims: false },
      );
    return scoped(() => {
      if (sizes.length <= 4) return withShape(along(reshaped(x, sizes), axes), shape);
      // The same along one axis after the other.
      const left = [...sizes];
      let y = x as Tensor;
      for (const axis of axes) {
        y = tf.engine().makeTensorFromTensorInfo(along(reshaped(y, aroundAxis(left, axis)), [1]));
        left[axis] = 1;
      }
      return reshaped(y, [...shape]);
    });
  });

/** Kernels of the last axis alone. */
const overLast = (kernelName: string): Mend =>
  mend<"logits", { dim?: number; axis?: number }>(kernelName, GPU, ({ inputs: { logits }, stock }) => {
    const { shape } = logits;
    if (shape.length <= 4 || sizeOf(shape) === 0) return stock();
    const last = shape.at(-1)!;
    return scoped(() =>
      withShape(
        stock(
          { logits: reshaped(logits, [sizeOf(shape) / last, last]) },
          kernelName === "Softmax" ? { dim: 1 } : { axis: 1 },
        ),
        shape,
      ),
    );
  });

/** Replacements of kernels that compute along axes. */
export const reductionAxesMends: readonly Mend[] = [
  ...["Sum", "Mean", "Prod", "Max", "Min", "All", "Any"].map(reduction),
  overLast("Softmax"),
  overLast("LogSoftmax"),
];
