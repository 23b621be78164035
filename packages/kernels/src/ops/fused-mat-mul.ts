/** @file The product, bias and addition of a dense layer in one kernel. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { isRecording, inShape } from "../engine.ts";
import { callKernel } from "../memory/call-kernel.ts";
import { computed } from "../memory/computed.ts";
import { isRecorded } from "../recorder.ts";
import { installKernels } from "../registry.ts";
import { DENSE, denseInfo, denseOfMany, sizesBeside } from "../own/dense.ts";
import { runOwn } from "../own/own-kernel.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { clampKernels, type Clamps } from "../wasm/product-plan.ts";
import { hasKnownKernels } from "../backends.ts";

const infoOf = ({ dataId, shape, dtype }: TensorInfo): TensorInfo => ({ dataId, shape, dtype });

/** {@link fusedMatMul} of many tensors at once. */
function batch(
  [a, b, bias]: readonly Tensor[],
  [ofA = false, ofB = false, ofBias = false]: readonly boolean[],
  size: number,
  contracted: number,
  clamps: Clamps,
): Tensor {
  const bounds = clampKernels.get(clamps);
  const bounded = (y: Tensor): Tensor =>
    bounds === undefined ? y : (callKernel(bounds, { x: y }, {}) as Tensor);
  if (ofA && !ofB && !ofBias) return bounded(fusedMatMul(a!, b!, bias ?? null, contracted));
  const kernelShape = b!.shape.slice(ofB ? 1 : 0);
  const [inner, columns] = sizesBeside(kernelShape, contracted);
  const shape = [size, ...a!.shape.slice(ofA ? 1 : 0, -contracted), ...kernelShape.slice(contracted)];
  const rows = inner > 0 ? a!.size / inner / (ofA ? size : 1) : sizeOf(shape) / (size * columns);
  if (ofB && hasKnownKernels()) {
    const given = bias ? [a!, b!, bias] : [a!, b!];
    const made = computed(given, ([x, kernel, offset]) => {
      const left = { ...infoOf(x!), shape: [ofA ? size : 1, rows, inner] };
      const right = { ...infoOf(kernel!), shape: [size, inner, columns] };
      const added = offset && { ...infoOf(offset), shape: ofBias ? [size, columns] : [columns] };
      const y = denseOfMany(tf.engine().backend, left, right, added, clamps);
      return y && { ...y, shape: [...shape] };
    });
    if (made) return made;
  }
  const left = inShape(a!, [ofA ? size : 1, rows, inner]);
  const right = inShape(b!, [ofB ? size : 1, inner, columns]);
  const attrs = { transposeA: false, transposeB: false };
  const product = callKernel("BatchMatMul", { a: left, b: right }, attrs) as Tensor;
  const added = bias && inShape(bias, [ofBias ? size : 1, 1, columns]);
  const y = added ? (callKernel("Add", { a: product, b: added }, {}) as Tensor) : product;
  return inShape(bounded(y), shape);
}

/** The shape of a product with a bias; undefined where sizes do not fit, which a kernel says. */
function shapeOfDense(
  a: Tensor,
  b: Tensor,
  bias: Tensor | null,
  contracted: number,
): readonly number[] | undefined {
  const rows = a.rank - contracted;
  const columns = b.shape.slice(contracted);
  const isOk =
    sameShape(a.shape.slice(rows), b.shape.slice(0, contracted)) && (!bias || sameShape(bias.shape, columns));
  return isOk ? [...a.shape.slice(0, rows), ...columns] : undefined;
}

/**
 * `a @ b + bias` over the last axes of a, as one kernel. Without a tape the kernel is called
 * directly, because the engine costs more than the product of a small layer.
 * @param a - `[...rows, ...inner]`
 * @param b - `[...inner, ...columns]`
 * @param bias - `[...columns]`, or `null`.
 * @param contracted - How many axes `inner` stands for.
 * @returns `[...rows, ...columns]`
 */
export function fusedMatMul(a: Tensor, b: Tensor, bias: Tensor | null, contracted = 1): Tensor {
  installKernels();
  if (a.size > 0 && b.size > 0 && hasKnownKernels()) {
    const inputs = bias ? [a, b, bias] : [a, b];
    const y =
      isRecording() && inputs.every(({ dtype }) => dtype === "float32")
        ? runOwn(DENSE, bias ? { x: a, kernel: b, bias } : { x: a, kernel: b }, { contracted })
        : undefined;
    if (y) return y;
    if (!isRecording()) {
      // The same for each call, since a recorder may call it again.
      return computed(
        inputs,
        ([x, kernel, offset]) => denseInfo(tf.engine().backend, x!, kernel!, offset, contracted),
        (all, isBatched, size, clamps) => batch(all, isBatched, size, contracted, clamps),
        isRecorded() ? shapeOfDense(a, b, bias, contracted) : undefined,
      ) as Tensor;
    }
  }
  const [rows, own] = sizesBeside(a.shape, a.rank - contracted);
  const [inner, columns] = sizesBeside(b.shape, contracted);
  const product = tf.matMul(inShape(a, [rows, own]), inShape(b, [inner, columns]));
  const y = bias ? tf.add(product, inShape(bias, [columns])) : product;
  return inShape(y, [...a.shape.slice(0, a.rank - contracted), ...b.shape.slice(contracted)]);
}
