/** @file Matrix products with packed operands, broadcast batches or empty operands. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { GPU, isGpu } from "../gpu/program.ts";
import { broadcast } from "../quick/broadcasting.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { finish, type FinishInput, isActivation } from "../quick/finish.ts";
import { filled, free, isHeap, loop } from "../memory/access.ts";
import { type KernelCall, type Mend, mend, scoped } from "../mend.ts";

type Call = KernelCall<"a" | "b", tf.BatchMatMulAttrs>;

const batchOf = ({ shape }: TensorInfo): number[] => shape.slice(0, -2);

/** The shape in which wasm has packed each right operand, by its data. */
const packed = new WeakMap<object, string>();

/** Copies a right operand whose data were packed in another shape before. */
function packedOnce({ inputs: { a, b }, attrs, backend, stock }: Call): TensorInfo {
  if (isGpu(backend)) return stock();
  const isPacked =
    !attrs.transposeA && !attrs.transposeB && sizeOf(batchOf(a)) === 1 && sizeOf(batchOf(b)) === 1;
  if (!isPacked) return stock();
  const shape = b.shape.slice(-2).join();
  const before = packed.get(b.dataId);
  if (before === undefined) packed.set(b.dataId, shape);
  if (before === undefined || before === shape) return stock();
  const copy = loop(backend, [b], { shape: b.shape, dtype: "float32" }, ([values], out) => out.set(values!));
  try {
    return stock({ b: copy });
  } finally {
    free(backend, copy);
  }
}

/** Broadcasts both operands to the shared batch shape, unless the stock kernel can do it. */
function repeated(call: Call): TensorInfo {
  const [a, b] = [batchOf(call.inputs.a), batchOf(call.inputs.b)];
  const shared = tf.backend_util.assertAndGetBroadcastShape(a, b);
  const isPlain = (own: readonly number[]): boolean => sizeOf(own) === 1 || sizeOf(own) === sizeOf(shared);
  if (isPlain(a) && isPlain(b)) return packedOnce(call);
  return scoped(() => {
    const spread = (x: TensorInfo): TensorInfo =>
      sameShape(batchOf(x), shared) ? x : broadcast(x as Tensor, [...shared, ...x.shape.slice(-2)]);
    return call.stock({ a: spread(call.inputs.a), b: spread(call.inputs.b) });
  });
}

const batchMatMul: Mend = mend<"a" | "b", tf.BatchMatMulAttrs>(
  "BatchMatMul",
  ["cpu", "wasm", ...GPU],
  (call) => {
    const { a, b } = call.inputs;
    if (sizeOf(a.shape) > 0 && sizeOf(b.shape) > 0) return repeated(call);
    const { transposeA, transposeB } = call.attrs;
    const shared = tf.backend_util.assertAndGetBroadcastShape(batchOf(a), batchOf(b));
    const shape = [...shared, a.shape.at(transposeA ? -1 : -2)!, b.shape.at(transposeB ? -2 : -1)!];
    return filled(call.backend, { shape, dtype: "float32" }, 0);
  },
);

const isOne = ({ shape }: TensorInfo): boolean => shape.length === 3 && shape[0] === 1 && sizeOf(shape) > 0;

/**
 * The stock kernel is right for one matrix each, in the shape that `tf.fused.matMul` gives it. wasm's
 * also counts the columns of a bias from row to row when an operand is transposed.
 */
const fusedMatMul: Mend = mend<"a" | "b" | FinishInput, tf._FusedMatMulAttrs>(
  "_FusedMatMul",
  ["cpu", "wasm", ...GPU],
  (call) => {
    const { inputs, attrs, backend, stock } = call;
    const { a, b } = inputs;
    const { transposeA, transposeB, activation } = attrs;
    const isPlain = isOne(a) && isOne(b);
    const isTurned = isHeap(backend) && (transposeA || transposeB);
    if ((isPlain && !isTurned) || !isActivation(activation))
      return isHeap(backend) ? packedOnce(call) : stock();
    // The engine passes tensors, although the types promise only what a backend needs of them.
    return scoped(() => finish(tf.matMul(a as Tensor, b as Tensor, transposeA, transposeB), inputs, attrs));
  },
);

/** Replacements of matrix products. */
export const productMends: readonly Mend[] = [batchMatMul, fusedMatMul];
