/** @file The product, bias and addition of a dense layer in one kernel. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { isRecording, inShape } from "../engine.ts";
import { callKernel } from "../memory/call-kernel.ts";
import { computed } from "../memory/computed.ts";
import { isRecorded } from "../recorder.ts";
import { installKernels } from "../registry.ts";
import { DENSE, denseInfo, denseOfMany } from "../own/dense.ts";
import { runOwn } from "../own/own-kernel.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { hasKnownKernels } from "../backends.ts";

const infoOf = ({ dataId, shape, dtype }: TensorInfo): TensorInfo => ({ dataId, shape, dtype });

/** {@link fusedMatMul} of many tensors at once. */
function batch(
  [a, b, bias]: readonly Tensor[],
  [ofA = false, ofB = false, ofBias = false]: readonly boolean[],
  size: number,
): Tensor {
  if (ofA && !ofB && !ofBias) return fusedMatMul(a!, b!, bias ?? null);
  const [inner = 0, columns = 0] = b!.shape.slice(-2);
  const shape = [size, ...a!.shape.slice(ofA ? 1 : 0, -1), columns];
  const rows = inner > 0 ? a!.size / inner / (ofA ? size : 1) : sizeOf(shape) / (size * columns);
  if (ofB && hasKnownKernels()) {
    const given = bias ? [a!, b!, bias] : [a!, b!];
    const made = computed(given, ([x, kernel, offset]) => {
      const left = { ...infoOf(x!), shape: [ofA ? size : 1, rows, inner] };
      const y = denseOfMany(tf.engine().backend, left, kernel!, offset);
      return y && { ...y, shape: [...shape] };
    });
    if (made) return made;
  }
  const left = inShape(a!, [ofA ? size : 1, rows, inner]);
  const right = inShape(b!, [ofB ? size : 1, inner, columns]);
  const attrs = { transposeA: false, transposeB: false };
  const product = callKernel("BatchMatMul", { a: left, b: right }, attrs) as Tensor;
  const added = bias && inShape(bias, [ofBias ? size : 1, 1, columns]);
  return inShape(added ? (callKernel("Add", { a: product, b: added }, {}) as Tensor) : product, shape);
}

/** The shape of a product with a bias; undefined where sizes do not fit, which a kernel says. */
const shapeOfDense = (a: Tensor, b: Tensor, bias: Tensor | null): readonly number[] | undefined =>
  b.rank === 2 && a.shape.at(-1) === b.shape[0] && (!bias || sameShape(bias.shape, b.shape.slice(1)))
    ? [...a.shape.slice(0, -1), b.shape[1] as number]
    : undefined;

/**
 * `a @ b + bias` over the last axis of a, as one kernel. Without a tape the kernel is called
 * directly, because the engine costs more than the product of a small layer.
 * @param a - `[..., inner]`
 * @param b - `[inner, columns]`
 * @param bias - `[columns]`, or `null`.
 * @returns `[..., columns]`
 */
export function fusedMatMul(a: Tensor, b: Tensor, bias: Tensor | null): Tensor {
  installKernels();
  const [inner = 0, columns = 0] = b.shape;
  if (a.size > 0 && b.size > 0 && hasKnownKernels()) {
    const inputs = bias ? [a, b, bias] : [a, b];
    const y =
      isRecording() && inputs.every(({ dtype }) => dtype === "float32")
        ? runOwn(DENSE, bias ? { x: a, kernel: b, bias } : { x: a, kernel: b })
        : undefined;
    if (y) return y;
    if (!isRecording()) {
      // The same for each call, since a recorder may call it again.
      return computed(
        inputs,
        ([x, kernel, offset]) => denseInfo(tf.engine().backend, x!, kernel!, offset),
        batch,
        isRecorded() ? shapeOfDense(a, b, bias) : undefined,
      ) as Tensor;
    }
  }
  const flat = a.rank === 2 ? a : tf.reshape(a, [a.size / inner, inner]);
  const product = tf.matMul(flat, b);
  const y = bias ? tf.add(product, bias) : product;
  return a.rank === 2 ? y : tf.reshape(y, [...a.shape.slice(0, -1), columns]);
}
