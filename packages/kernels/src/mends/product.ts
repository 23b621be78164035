/** @file Matrix products whose operands the kernels mistake. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { broadcast } from "../quick/broadcasting.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { filled, free, loop } from "../memory/access.ts";
import { type KernelCall, type Mend, mend, scoped } from "./mend.ts";

type Call = KernelCall<"a" | "b", tf.BatchMatMulAttrs>;

const batchOf = ({ shape }: TensorInfo): number[] => shape.slice(0, -2);

/** The rows and columns with which wasm has packed the data of a right operand. */
const packed = new WeakMap<object, string>();

/** Data that come as right operand in another shape than before are copied. */
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

/** Batches that are repeated are repeated before. */
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
  "Packs a right operand once, by its data, and reads outside of it when that comes in a second shape.";
const MISTAKEN =
  "Repeats a batch of one and no other. wasm also leaves what was in the memory for products of nothing, and " +
  "packs a right operand once, by its data, and reads outside of it when that comes in a second shape.";

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

/** Products of packed and of empty operands. */
export const productMends: readonly Mend[] = [
  batchMatMul,
  mend<"a" | "b", tf.BatchMatMulAttrs>("_FusedMatMul", ["wasm"], PACKED, packedOnce),
];
