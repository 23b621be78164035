/** @file The product, bias and addition of a dense layer in one kernel. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { hasKnownKernels } from "../backends.ts";
import { isRecording } from "../engine.ts";
import { computed } from "../memory/computed.ts";
import { mendKernels } from "../mend-kernels.ts";
import { sizeOf } from "../shape.ts";

/**
 * wasm's record of each tensor's data. It keeps the shape in which the data were made, whatever
 * reshape came later.
 */
interface WasmBackend {
  readonly dataIdMap: { get(dataId: object): { readonly shape: readonly number[] } };
}

const FUSED = "_FusedMatMul";

/**
 * Whether the fused kernel takes this bias. wasm's kernel refuses a bias whose data were not made
 * with one axis.
 */
const takesBias = (backend: object, bias: Tensor): boolean =>
  !("dataIdMap" in backend) || (backend as WasmBackend).dataIdMap.get(bias.dataId).shape.length === 1;

const kernel = (name: string, inputs: tf.NamedTensorMap, attrs: object): Tensor =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap);

const reshaped = (x: Tensor, shape: readonly number[]): Tensor =>
  x.shape.length === shape.length && x.shape.every((size, i) => size === shape[i])
    ? x
    : kernel("Reshape", { x }, { shape });

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
  const left = reshaped(a!, [ofA ? size : 1, rows, inner]);
  const right = reshaped(b!, [ofB ? size : 1, inner, columns]);
  const product = kernel("BatchMatMul", { a: left, b: right }, { transposeA: false, transposeB: false });
  const added = bias && reshaped(bias, [ofBias ? size : 1, 1, columns]);
  return reshaped(added ? kernel("Add", { a: product, b: added }, {}) : product, shape);
}

/**
 * `a @ b + bias` over the last axis of a, as one kernel. The kernel is called directly, for two
 * reasons: `tf.fused.matMul` and the engine cost more than the product of a small layer, and the
 * gradient of `tf.fused.matMul` needs transposed products, which are slow on wasm.
 * @param a - `[..., inner]`
 * @param b - `[inner, columns]`
 * @param bias - `[columns]`, or `null`.
 * @returns `[..., columns]`
 */
export function fusedMatMul(a: Tensor, b: Tensor, bias: Tensor | null): Tensor {
  mendKernels();
  const [inner = 0, columns = 0] = b.shape;
  const rows = a.size / inner;
  const shape = a.rank === 2 ? [rows, columns] : [...a.shape.slice(0, -1), columns];
  const kernel = isRecording() || !hasKnownKernels() ? null : tf.getKernel(FUSED, tf.getBackend());
  if (!kernel) {
    const flat = a.rank === 2 ? a : tf.reshape(a, [rows, inner]);
    const product = tf.matMul(flat, b);
    const y = bias ? tf.add(product, bias) : product;
    return a.rank === 2 ? y : tf.reshape(y, shape);
  }
  const fused = bias !== null && takesBias(tf.engine().backend, bias);
  const attrs = { transposeA: false, transposeB: false, activation: "linear" };
  const y = computed(
    fused ? [a, b, bias] : [a, b],
    ([left, right, added]) => {
      // The kernels expect shapes of rank 3, and read no more of a tensor than these properties.
      const inputs = {
        a: { dataId: left!.dataId, shape: [1, rows, inner], dtype: left!.dtype },
        b: { dataId: right!.dataId, shape: [1, inner, columns], dtype: right!.dtype },
        ...(added ? { bias: added } : {}),
      };
      const { dataId } = kernel.kernelFunc({ inputs, attrs, backend: tf.engine().backend }) as tf.TensorInfo;
      return { dataId, shape, dtype: "float32" };
    },
    batch,
  ) as Tensor;
  return bias && !fused ? tf.add(y, bias) : y;
}
