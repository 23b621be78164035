/** @file Pools, scatters, sums and logic on webgl and webgpu. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, Tensor } from "@tensorflow/tfjs-core";
import { GPU, isWebgpu, runForEach } from "../../gpu/program.ts";
import { type Axis, axesOf2D, axesOf3D } from "../../conv-geometry.ts";
import { sizeOf, withShape } from "../../shape.ts";
import { type Mend, mend, scoped } from "../../mend.ts";
import { gpuIntegerMends } from "./integers.ts";

/** The largest element of each window, or NaN. */
function largest(shape: readonly number[], axes: readonly Axis[]): string {
  const channels = shape.at(-1)!;
  const lines = [`var_int rest = at / ${channels}; var_int c = at - rest * ${channels};`];
  [...axes.keys()].reverse().forEach((i) => {
    const { output } = axes[i]!;
    lines.push(`var_int q${i} = rest / ${output}; var_int o${i} = rest - q${i} * ${output}; rest = q${i};`);
  });
  lines.push("var_float best = -INFINITY;");
  axes.forEach(({ window, stride, before, dilation, input }, i) => {
    lines.push(
      `for (var_int k${i} = 0; k${i} < ${window}; k${i}++) { var_int p${i} = o${i} * ${stride} - ${before} + k${i} * ${dilation};`,
      `if (p${i} < 0 || p${i} >= ${input}) { continue; }`,
    );
  });
  const position = ["rest", ...axes.map((_, i) => `p${i}`), "c"].join(", ");
  lines.push(`var_float v = getX(${position}); if (v > best || isnan(v)) { best = v; }`);
  // Nothing is larger than NaN, so that it stays.
  lines.push(...axes.map(() => "}"), "return best;");
  return lines.join("\n");
}

const maxPool = <A>(
  kernelName: string,
  axesOf: (shape: readonly number[], attrs: A) => readonly Axis[],
): Mend =>
  mend<"x", A>(kernelName, GPU, ({ inputs: { x }, attrs, backend, stock }) => {
    if (x.dtype !== "float32") return stock();
    const axes = axesOf(x.shape, attrs);
    const shape = [x.shape[0]!, ...axes.map((a) => a.output), x.shape.at(-1)!];
    if (sizeOf(shape) === 0) return stock();
    const program = {
      name: `maxPool ${JSON.stringify([x.shape, axes])}`,
      body: largest(x.shape, axes),
      inputs: ["X"],
    };
    return withShape(runForEach(backend, program, [x], sizeOf(shape), "float32"), shape);
  });

interface ScatterAttrs {
  readonly shape: number[];
}

const scatterNd: Mend = mend<"indices" | "updates", ScatterAttrs>(
  "ScatterNd",
  ["webgl"],
  ({ inputs: { indices, updates }, attrs: { shape }, backend, stock }) => {
    const found = tf.scatter_util.calculateShapes(updates, indices, shape);
    const { sliceRank, numUpdates, sliceSize, strides, outputSize } = found;
    if (numUpdates !== 1 || outputSize === 0 || sliceSize === 0) return stock();
    const place = Array.from(
      { length: sliceRank },
      (_, axis) => `i32(getIndices(0, ${axis})) * ${strides[axis]}`,
    );
    const program = {
      name: `scatter ${sliceSize} ${strides.join()}`,
      body: `var_int row = at / ${sliceSize};
        if (row != ${place.join(" + ")}) { return 0.0; } return getUpdates(at - row * ${sliceSize});`,
      inputs: ["Indices", "Updates"],
    };
    return scoped(() => {
      const given = [
        tf.reshape(indices as Tensor, [1, sliceRank]),
        tf.reshape(updates as Tensor, [sliceSize]),
      ];
      const dtype = updates.dtype === "int32" ? "int32" : "float32";
      return withShape(runForEach(backend, program, given, outputSize, dtype), shape);
    });
  },
);

/** As many tensors as a program of webgpu may have, besides its result. */
const MOST_INPUTS = 7;

const addN: Mend = {
  kernelName: "AddN",
  backends: GPU,
  around:
    (stock) =>
    ({ inputs, backend, attrs }) => {
      const terms = inputs as unknown as Tensor[];
      const { shape } = terms[0]!;
      const isMuch = isWebgpu(backend) && terms.length > MOST_INPUTS;
      if (!isMuch && shape.length <= 6) return stock({ inputs, backend, attrs: attrs! });
      return scoped(() => {
        const flat = shape.length <= 6 ? terms : terms.map((each) => tf.reshape(each, [each.size]));
        if (!isMuch) return tf.reshape(tf.addN(flat), shape);
        const parts: Tensor[] = [];
        for (let i = 0; i < terms.length; i += MOST_INPUTS)
          parts.push(tf.addN(flat.slice(i, i + MOST_INPUTS)));
        return tf.reshape(tf.addN(parts), shape);
      });
    },
};

/** Replacements of pools and sums. */
export const gpuMends: readonly Mend[] = [
  maxPool<tf.MaxPoolAttrs>("MaxPool", axesOf2D),
  maxPool<tf.MaxPool3DAttrs>("MaxPool3D", axesOf3D),
  scatterNd,
  ...gpuIntegerMends,
  addN,
];

/** Kernels that these backends lack. */
export const gpuKernels: readonly KernelConfig[] = [
  ...GPU.map((backendName) => ({
    kernelName: "LogicalXor",
    backendName,
    kernelFunc: (({ inputs }) =>
      scoped(() =>
        tf.notEqual(tf.cast(inputs.a as Tensor, "int32"), tf.cast(inputs.b as Tensor, "int32")),
      )) satisfies KernelConfig["kernelFunc"],
  })),
  {
    kernelName: "BitwiseAnd",
    backendName: "webgpu",
    kernelFunc: ({ inputs, backend }) =>
      scoped(() => {
        const { a, b } = inputs as unknown as Record<"a" | "b", Tensor>;
        const program = {
          name: "bitwiseAnd",
          body: "result[at] = A[at] & B[at];",
          inputs: ["A", "B"],
          isWhole: true,
        };
        const flat = [a, b].map((each) => tf.reshape(each, [each.size]));
        return withShape(runForEach(backend, program, flat, a.size, "int32"), a.shape);
      }),
  },
];
