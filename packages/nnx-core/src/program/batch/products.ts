/** @file Products of matrices, and kernels whose first axis is a batch already. */
import {
  callKernel,
  clampKernels,
  type DenseAttrs,
  inShape,
  sizeOf,
  sizesBeside,
  type Tensor,
} from "../../tensor.ts";
import { aligned, type BatchRule, call, folded, type Operand, operand, whole } from "./rule.ts";

/** The matrices of an operand along one axis: those of all slices, or the one that all share. */
const matrices = ({ tensor, isBatched }: Operand, size: number, rows: number, columns: number): Tensor =>
  inShape(tensor, [isBatched ? size : 1, rows, columns]);

const batchMatMul: BatchRule = (given) => {
  const { size, attrs, outputs } = given;
  const [a, b] = [operand(given, "a"), operand(given, "b")];
  const shape = [size, ...outputs[0]!.shape];
  const [rows = 0, columns = 0] = b.shape.slice(-2);
  if (sizeOf(b.shape) === rows * columns && (!attrs.transposeA || a.shape.length === 2)) {
    // All rows of a slice are multiplied by one matrix; by the same one for all slices, or not.
    const inner = a.shape.at(-1) as number;
    const height = inner === 0 ? a.shape.at(-2)! : sizeOf(a.shape) / inner;
    const isOne = !b.isBatched && !attrs.transposeA;
    const left = isOne ? inShape(a.tensor, [1, size * height, inner]) : matrices(a, size, height, inner);
    return inShape(call("BatchMatMul", { a: left, b: matrices(b, size, rows, columns) }, attrs), shape);
  }
  if (String(a.shape.slice(0, -2)) !== String(b.shape.slice(0, -2))) return undefined;
  const [left, right] = [whole(a, size), whole(b, size)];
  return inShape(call("BatchMatMul", { a: left, b: right }, attrs), shape);
};

const activations: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ...clampKernels,
  ["elu", "Elu"],
  ["sigmoid", "Sigmoid"],
]);

/** Product, bias and activation, one after the other. */
const fusedMatMul: BatchRule = (given) => {
  const { size, attrs, named, outputs } = given;
  const { transposeA, transposeB, activation } = attrs;
  const name = activations.get(activation);
  if ((name === undefined && activation !== "linear") || named.preluActivationWeights) return undefined;
  let y = batchMatMul({ ...given, attrs: { transposeA, transposeB } }) as Tensor;
  const { bias } = named;
  if (bias) y = call("Add", { a: y, b: aligned(bias, outputs[0]!.shape.length, size) });
  return name === undefined ? y : call(name, { x: y });
};

/** A dense layer while a tape records: the kernel of one slice has one matrix and one bias. */
const dense: BatchRule = (given) => {
  const { name, named, outputs, size } = given;
  const [x, kernel, bias] = [operand(given, "x"), operand(given, "kernel"), named.bias];
  const { shape } = outputs[0]!;
  if (!kernel.isBatched && !bias?.isBatched) {
    const inputs = { x: x.tensor, kernel: kernel.tensor, ...(bias && { bias: bias.tensor }) };
    return inShape(call(name, inputs, given.attrs), [size, ...shape]);
  }
  const { contracted = 1 } = given.attrs as DenseAttrs;
  const [inner, columns] = sizesBeside(kernel.shape, contracted);
  const [rows] = sizesBeside(x.shape, x.shape.length - contracted);
  const as = (each: Operand, to: readonly number[]): Operand => ({
    ...each,
    shape: to,
    tensor: inShape(each.tensor, each.isBatched ? [size, ...to] : to),
  });
  const y = fusedMatMul({
    ...given,
    named: {
      a: as(x, [rows, inner]),
      b: as(kernel, [inner, columns]),
      ...(bias && { bias: as(bias, [columns]) }),
    },
    attrs: { transposeA: false, transposeB: false, activation: "linear" },
    outputs: [{ ...outputs[0]!, shape: [rows, columns] }],
  });
  return inShape(y as Tensor, [size, ...shape]);
};

/**
 * Kernels that treat the first axis of some inputs as a batch.
 * @param batched - Which inputs. The others must be the same for all slices.
 */
const alongBatch =
  (...batched: readonly string[]): BatchRule =>
  ({ name, size, named, attrs, outputs }) => {
    const inputs: Record<string, Tensor> = {};
    for (const key in named) {
      const each = named[key]!;
      if (batched.includes(key)) inputs[key] = folded(each, size);
      else if (each.isBatched) return undefined;
      else inputs[key] = each.tensor;
    }
    return inShape(callKernel(name, inputs, attrs) as Tensor, [size, ...outputs[0]!.shape]);
  };

export const products: ReadonlyMap<string, BatchRule> = new Map<string, BatchRule>([
  ["BatchMatMul", batchMatMul],
  ["_FusedMatMul", fusedMatMul],
  ["NnxDense", dense],
  ["NnxConvolution", alongBatch("x")],
  ["NnxConvolutionInputGradient", alongBatch("dy")],
  ["NnxMeanPool", alongBatch("x")],
  ["NnxMaxPoolGradient", alongBatch("dy", "x")],
  ["NnxPoolShares", alongBatch("dy")],
  ["Conv2D", alongBatch("x")],
  ["DepthwiseConv2dNative", alongBatch("x")],
  ["MaxPool", alongBatch("x")],
  ["AvgPool", alongBatch("x")],
  ["MaxPool3D", alongBatch("x")],
  ["AvgPool3D", alongBatch("x")],
  ["Conv3D", alongBatch("x")],
]);
