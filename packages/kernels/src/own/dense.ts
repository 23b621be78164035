/** @file The product and bias of a dense layer as one kernel, which a tape can record. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { free } from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import { fusesProducts } from "../wasm/mat-mul.ts";
import { productByPlan } from "../wasm/product.ts";
import type { Clamps, ProductPlan } from "../wasm/product-plan.ts";
import { onBoth } from "./own-kernel.ts";

/** Its name in the registry. */
export const DENSE = "NnxDense";

/**
 * wasm's record of each tensor's data. It keeps the shape in which the data were made, whatever
 * reshape came later.
 */
interface WasmBackend {
  readonly dataIdMap: { get(dataId: object): { readonly shape: readonly number[] } };
}

/** The attributes of the kernel. */
export interface DenseAttrs {
  /** How many axes are contracted: the last of x, and the first of the kernel. @defaultValue 1 */
  readonly contracted?: number;
}

/**
 * Whether the stock kernel takes this bias. wasm's refuses one whose data were not made with one
 * axis.
 */
const stockTakes = (backend: object, bias: TensorInfo): boolean =>
  !("dataIdMap" in backend) || (backend as WasmBackend).dataIdMap.get(bias.dataId).shape.length === 1;

const run = (
  backend: object,
  kernelName: string,
  inputs: Record<string, TensorInfo>,
  attrs = {},
): TensorInfo =>
  // These kernels have one output.
  tf.getKernel(kernelName, tf.getBackend()).kernelFunc({ inputs, attrs, backend }) as TensorInfo;

/** The sizes of the matrix that has the axes before one as its rows, and the others as its columns. */
export const sizesBeside = (
  shape: readonly number[],
  axis: number,
): readonly [rows: number, columns: number] => [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))];

/**
 * `x @ kernel + bias` over the last axes of x.
 * @param x - `[...rows, ...inner]`
 * @param kernel - `[...inner, ...columns]`
 * @param bias - `[...columns]`, or undefined.
 * @returns `[...rows, ...columns]`
 */
export function denseInfo(
  backend: object,
  x: TensorInfo,
  kernel: TensorInfo,
  bias?: TensorInfo,
  contracted = 1,
): TensorInfo {
  const [inner, columns] = sizesBeside(kernel.shape, contracted);
  const shape = [...x.shape.slice(0, x.shape.length - contracted), ...kernel.shape.slice(contracted)];
  // The kernels expect shapes of rank 3, and read no more of a tensor than these properties.
  const a = { dataId: x.dataId, shape: [1, sizeOf(x.shape) / inner, inner], dtype: x.dtype };
  const b = { dataId: kernel.dataId, shape: [1, inner, columns], dtype: kernel.dtype };
  const attrs = { transposeA: false, transposeB: false, activation: "linear" };
  const offset = bias && { dataId: bias.dataId, shape: [columns], dtype: bias.dtype };
  const isOurs = (): boolean =>
    fusesProducts(backend) &&
    sizeOf(a.shape) > 0 &&
    [a, b, offset].every((each) => each === undefined || each.dtype === "float32");
  const fused = offset !== undefined && (stockTakes(backend, offset) || isOurs());
  const product = run(backend, "_FusedMatMul", fused ? { a, b, bias: offset } : { a, b }, attrs);
  if (offset === undefined || fused) return { ...product, shape };
  const flat = { ...product, shape: [a.shape[1] as number, columns] };
  try {
    return { ...run(backend, "Add", { a: flat, b: offset }), shape };
  } finally {
    free(backend, product);
  }
}

/**
 * {@link denseInfo} of many layers at once.
 * @param x - `[size, rows, inner]`, or `[1, rows, inner]`.
 * @param kernel - `[size, inner, columns]`
 * @param bias - `[size, columns]`, or `[columns]`, or undefined.
 * @returns `[size, rows, columns]`; undefined where no one kernel does that.
 */
export function denseOfMany(
  backend: object,
  x: TensorInfo,
  kernel: TensorInfo,
  bias?: TensorInfo,
  clamps: Clamps = "none",
): TensorInfo | undefined {
  const [size = 0, inner = 0, columns = 0] = kernel.shape;
  const rows = x.shape[1] as number;
  const plan: ProductPlan = {
    rows,
    inner,
    columns,
    a: { row: inner, inner: 1 },
    b: { inner: columns, column: 1 },
    outRow: columns,
    batch: [{ size, a: x.shape[0] === 1 ? 0 : rows * inner, b: inner * columns, out: rows * columns }],
  };
  const shape = [size, rows, columns];
  return productByPlan(
    backend,
    x,
    kernel,
    plan,
    shape,
    bias,
    clamps,
    bias?.shape.length === 2 ? "each" : "all",
  );
}

/** The kernels to register on cpu and wasm. */
export const denseKernels = (): readonly KernelConfig[] =>
  onBoth<DenseAttrs | undefined>(DENSE, (backend, { x, kernel, bias }, attrs) =>
    denseInfo(backend, x!, kernel!, bias, attrs?.contracted),
  );
