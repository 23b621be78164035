/**
 * @file Integers and bools on webgpu, whose transpose takes floats alone. Reductions along other axes
 * than the last transpose, too. What was cast to float32 still has integers in memory.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { isIntegerInMemory, runElementwise, runForEach } from "../../gpu/program.ts";
import { axesOf, keepDims, sizeOf, withShape } from "../../shape.ts";
import { type Mend, mend, scoped } from "../../mend.ts";

/** On webgpu, moves elements as they are. */
const transpose: Mend = mend<"x", tf.TransposeAttrs>(
  "Transpose",
  ["webgpu"],
  ({ inputs: { x }, attrs: { perm }, backend, stock }) => {
    const shape = perm.map((axis) => x.shape[axis]!);
    if (!isIntegerInMemory(backend, x) || x.dtype === "complex64" || sizeOf(shape) === 0) return stock();
    const strides = x.shape.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
    const lines = ["var rest = at; var from_ = 0;"];
    [...shape.keys()].reverse().forEach((axis) => {
      lines.push(`from_ += (rest % ${shape[axis]}) * ${strides[perm[axis]!]}; rest = rest / ${shape[axis]};`);
    });
    const program = {
      name: `transpose ${x.shape.join()} of ${perm.join()}`,
      body: `${lines.join(" ")} result[at] = A[from_];`,
      inputs: ["A"],
      isWhole: true,
    };
    return scoped(() => {
      const moved = runForEach(
        backend,
        program,
        [tf.reshape(x as Tensor, [sizeOf(shape)])],
        sizeOf(shape),
        "int32",
      );
      return { ...withShape(moved, shape), dtype: x.dtype };
    });
  },
);

interface ReduceAttrs {
  axis?: number | number[] | null;
  /** The name that `Max` has for `axis`. */
  reductionIndices?: number | number[] | null;
  keepDims?: boolean;
}

/** Transposes before, by the kernel above. */
const reduction = (kernelName: string): Mend =>
  mend<"x", ReduceAttrs>(kernelName, ["webgpu"], ({ inputs: { x }, attrs, backend, stock }) => {
    const rank = x.shape.length;
    const axes = axesOf(attrs.axis ?? attrs.reductionIndices, rank);
    const isLast = axes.every((axis) => axis >= rank - axes.length);
    if (isLast || sizeOf(x.shape) === 0 || !isIntegerInMemory(backend, x)) return stock();
    const others = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
    const last = axes.map((_, i) => others.length + i);
    return scoped(() => {
      const moved = tf.transpose(x as Tensor, [...others, ...axes]);
      const y = stock(
        { x: moved },
        { ...("reductionIndices" in attrs ? { reductionIndices: last } : { axis: last }), keepDims: false },
      );
      return attrs.keepDims ? withShape(y, keepDims(x.shape, axes)) : y;
    });
  });

/** The same for a kernel that keeps the axis. */
const scan = (kernelName: string): Mend =>
  mend<"x", { axis: number }>(kernelName, ["webgpu"], ({ inputs: { x }, attrs, backend, stock }) => {
    const rank = x.shape.length;
    const [axis] = axesOf(attrs.axis, rank) as [number];
    if (axis === rank - 1 || !isIntegerInMemory(backend, x)) return stock();
    const swapped = [...x.shape.keys()];
    swapped[axis] = rank - 1;
    swapped[rank - 1] = axis;
    return scoped(() => {
      const y = stock({ x: tf.transpose(x as Tensor, swapped) }, { axis: rank - 1 });
      return tf.transpose(tf.engine().makeTensorFromTensorInfo(y), swapped);
    });
  });

/** Makes floats of integers. The stock kernel gives the same memory another name. */
const cast: Mend = mend<"x", tf.CastAttrs>(
  "Cast",
  ["webgpu"],
  ({ inputs: { x }, attrs: { dtype }, backend, stock }) => {
    if (dtype !== "float32" || sizeOf(x.shape) === 0 || !isIntegerInMemory(backend, x)) return stock();
    if (x.dtype === "complex64" || x.dtype === "string") return stock();
    return scoped(() => {
      const flat = tf.reshape(x as Tensor, [sizeOf(x.shape)]);
      return withShape(
        runElementwise(backend, "toFloat", "return a;", [flat], flat.shape, "float32"),
        x.shape,
      );
    });
  },
);

/** Replacements of kernels that transpose. */
export const gpuIntegerMends: readonly Mend[] = [
  transpose,
  cast,
  ...["Sum", "Mean", "Prod", "Max", "Min", "All", "Any"].map(reduction),
  ...["Cumsum", "Cumprod"].map(scan),
];
