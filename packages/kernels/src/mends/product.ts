/** @file Matrix products with packed operands, broadcast batches or empty operands. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { broadcast } from "../quick/broadcasting.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { filled, free, loop } from "../memory/access.ts";
import { type KernelCall, type Mend, mend, scoped } from "./mend.ts";

type Call = KernelCall<"a" | "b", tf.BatchMatMulAttrs>;

const batchOf = ({ shape }: TensorInfo): number[] => shape.slice(0, -2);

/** The shape in which wasm has packed each right operand, by its data. */
const packed = new WeakMap<object, string>();

/** Copies a right operand whose data were packed in another shape before. */
function packedOnce({ inputs: { a, b }, attrs, backend, stock }: Call): TensorInfo {
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

const PACKED =
  "Caches a packed right operand by its data, and reads outside of it when the data have another shape.";
const MISTAKEN =
  "Broadcasts only a batch of size 1. wasm also returns uninitialised memory for empty operands, caches a " +
  "packed right operand by its data, and reads outside of it when the data have another shape.";

const batchMatMul: Mend = mend<"a" | "b", tf.BatchMatMulAttrs>(
  "BatchMatMul",
  ["cpu", "wasm"],
  MISTAKEN,
  (call) => {
    const { a, b } = call.inputs;
    if (sizeOf(a.shape) > 0 && sizeOf(b.shape) > 0) return repeated(call);
    const { transposeA, transposeB } = call.attrs;
    const shared = tf.backend_util.assertAndGetBroadcastShape(batchOf(a), batchOf(b));
    const shape = [...shared, a.shape.at(transposeA ? -1 : -2)!, b.shape.at(transposeB ? -2 : -1)!];
    return filled(call.backend, { shape, dtype: "float32" }, 0);
  },
);

/** Replacements of matrix products. */
export const productMends: readonly Mend[] = [
  batchMatMul,
  mend<"a" | "b", tf.BatchMatMulAttrs>("_FusedMatMul", ["wasm"], PACKED, packedOnce),
];
