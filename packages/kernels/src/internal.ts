/**
 * @file What the other packages of this project use. It is not for users, and may change in any
 * version.
 */
export { tensorWithoutValues, withoutValues } from "./abstract/without-values.ts";
export { alias, isRecording, isTensor, versionOfTensorflow } from "./engine.ts";
export type { ElementArrays } from "./memory/access.ts";
export {
  copyBytes,
  type Filling,
  fillable,
  isAlive,
  memoryOf,
  tensorFrom,
} from "./memory/bytes.ts";
export { type ElementKernel, fuse } from "./memory/fuse.ts";
export { newTensor } from "./memory/new-tensor.ts";
export { axesOf2D, axesOf3D } from "./mends/pools.ts";
export {
  aboveOf,
  type MeanPool,
  notNegativeOf,
  ownKernelNames,
  positiveOf,
  selectionOf,
  sharesOf,
} from "./own-kernels.ts";
export { adamKernel, type Finish } from "./ops/adam.ts";
export { arrange, contract, shaped } from "./ops/contract.ts";
export { clamp, sign } from "./ops/exact.ts";
export { fusedMatMul } from "./ops/fused-mat-mul.ts";
export { gather, gatherAt, oneHotRows } from "./ops/indexing.ts";
export type { Operand } from "./ops/op.ts";
export * from "./ops/ops.ts";
export { convSpatial, depthwiseSpatial, poolValid } from "./ops/spatial.ts";
export { tensorOf, valuesOf } from "./ops/values.ts";
export { addRows } from "./quick/add-rows.ts";
export { broadcast, sumTo } from "./quick/broadcasting.ts";
export type { Labelled } from "./quick/contract.ts";
export { letterSizes, parseEquation } from "./quick/equation.ts";
export { type Axis, axes2D, axes3D, interleave, padSpatial, readRegion } from "./quick/conv-geometry.ts";
export { conv2DAxes, convolve, filterGradient, inputGradient } from "./quick/convolve.ts";
export { depthwiseConvolve, depthwiseFilterGradient, depthwiseInputGradient } from "./quick/depthwise.ts";
export { product } from "./quick/product.ts";
export { axesOf, keepDims, sameShape, sizeOf } from "./shape.ts";
export { useWasmKernels } from "./wasm/module.ts";
export type { Tensor } from "@tensorflow/tfjs-core";
