/** @file tensorflow.js's kernels for matrix products, by WebAssembly. */
import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { isGpu } from "../gpu/program.ts";
import { free } from "../memory/access.ts";
import { type KernelCall, type Mend, mend } from "../mend.ts";
import { sizeOf } from "../shape.ts";
import { threadsOf } from "../memory/heap.ts";
import { hasProducts, LEAST_WORK, productByPlan } from "./product.ts";
import type { BatchAxis, Clamps, ProductPlan } from "./product-plan.ts";

/** The steps of each axis of a tensor, and 0 for axes that are repeated up to `shape`. */
function batchSteps(own: readonly number[], shape: readonly number[], matrix: number): number[] {
  const steps = Array<number>(shape.length).fill(0);
  let step = matrix;
  for (let axis = 1; axis <= own.length; axis++) {
    const size = own[own.length - axis]!;
    if (size !== 1) steps[shape.length - axis] = step;
    step *= size;
  }
  return steps;
}

/** The plan of `op(a) @ op(b)` with broadcast batches, and the shape of the result. */
function planOf(
  a: readonly number[],
  b: readonly number[],
  { transposeA, transposeB }: tf.BatchMatMulAttrs,
): { plan: ProductPlan; shape: number[] } | undefined {
  const [a0, a1] = a.slice(-2) as [number, number];
  const [b0, b1] = b.slice(-2) as [number, number];
  const [rows, inner] = transposeA ? [a1, a0] : [a0, a1];
  const [other, columns] = transposeB ? [b1, b0] : [b0, b1];
  // The stock kernel has the words for this.
  if (inner !== other) return undefined;
  const [ofA, ofB] = [a.slice(0, -2), b.slice(0, -2)];
  const shared = tf.backend_util.assertAndGetBroadcastShape(ofA, ofB);
  const stepsA = batchSteps(ofA, shared, a0 * a1);
  const stepsB = batchSteps(ofB, shared, b0 * b1);
  let out = rows * columns;
  const batch: BatchAxis[] = [];
  for (let axis = shared.length - 1; axis >= 0; axis--) {
    const size = shared[axis]!;
    if (size !== 1) batch.unshift({ size, a: stepsA[axis]!, b: stepsB[axis]!, out });
    out *= size;
  }
  const plan = {
    rows,
    inner,
    columns,
    a: transposeA ? { row: 1, inner: a1 } : { row: a1, inner: 1 },
    b: transposeB ? { inner: 1, column: b1 } : { inner: b1, column: 1 },
    outRow: columns,
    batch,
  };
  return { plan, shape: [...shared, rows, columns] };
}

/**
 * Whether tensorflow.js is as quick: by several threads, or because the matrices of a batch are
 * tiny.
 */
const isLeft = (backend: object, { rows, inner, columns, a, b, batch }: ProductPlan): boolean =>
  batch.length > 0
    ? rows * inner * columns < LEAST_WORK
    : a.inner === 1 && b.column === 1 && threadsOf(backend) > 1;

/** The product of two operands, or undefined when it is left to tensorflow.js. */
function byWasm(
  backend: object,
  a: TensorInfo,
  b: TensorInfo,
  attrs: tf.BatchMatMulAttrs,
  bias?: TensorInfo,
  clamps?: Clamps,
): TensorInfo | undefined {
  const planned = planOf(a.shape, b.shape, attrs);
  if (!planned || isLeft(backend, planned.plan)) return undefined;
  return productByPlan(backend, a, b, planned.plan, planned.shape, bias, clamps);
}

/** The activations that are kernels of their own, after the product. */
const activations: Readonly<Record<string, string>> = {
  elu: "Elu",
  sigmoid: "Sigmoid",
  leakyrelu: "LeakyRelu",
  prelu: "Prelu",
};

type FusedCall = KernelCall<"a" | "b" | "bias" | "preluActivationWeights", tf._FusedMatMulAttrs>;

function fused({ inputs, attrs, backend, stock }: FusedCall): TensorInfo {
  const { a, b, preluActivationWeights: slope } = inputs;
  // An input that may be left out.
  const bias = inputs.bias as TensorInfo | undefined;
  const { activation, leakyreluAlpha } = attrs;
  const columns = b.shape.at(attrs.transposeB ? -2 : -1)!;
  const kernelName = activations[activation];
  const clamps = activation === "relu" || activation === "relu6" ? activation : "none";
  const isKnown = kernelName !== undefined || clamps !== "none" || activation === "linear";
  if (!isKnown || (bias && (sizeOf(bias.shape) !== columns || bias.shape.at(-1) !== columns))) return stock();
  const product = byWasm(backend, a, b, attrs, bias, clamps);
  if (!product) return stock();
  if (kernelName === undefined) return product;
  try {
    return tf.getKernel(kernelName, tf.getBackend()).kernelFunc({
      inputs: activation === "prelu" ? { x: product, alpha: slope } : { x: product },
      attrs: { alpha: leakyreluAlpha ?? 0.2 },
      backend,
      // These kernels have one output.
    }) as TensorInfo;
  } finally {
    free(backend, product);
  }
}

/**
 * Whether the kernel of products with bias and activation takes matrices here, and gives the bits
 * of the three kernels one after the other.
 */
export const fusesProducts = (backend: object): boolean =>
  !isGpu(backend) && hasProducts(backend) && threadsOf(backend) <= 1;

/** Quicker kernels for matrix products. */
export const matMuls: readonly Mend[] = [
  mend<"a" | "b", tf.BatchMatMulAttrs>("BatchMatMul", ["cpu", "wasm"], (call) => {
    const { a, b } = call.inputs;
    return byWasm(call.backend, a, b, call.attrs) ?? call.stock();
  }),
  mend<"a" | "b" | "bias" | "preluActivationWeights", tf._FusedMatMulAttrs>(
    "_FusedMatMul",
    ["cpu", "wasm"],
    fused,
  ),
];
