/**
 * @file What the other packages of this project use. It is not for users, and may change in any
 * version.
 */
import "./everything.ts";

export { shapesOf } from "./abstract/shapes-of.ts";
export { isAbstract, tensorWithoutValues, withoutValues } from "./abstract/without-values.ts";
export {
  isAlive,
  alias,
  backendInUse,
  canShare,
  isRecording,
  isTensor,
  inShape,
  reshaped,
  sharedCopy,
  sharing,
  type TapeEngine,
  tapeEngine,
  type TapeNode,
  versionOfTensorflow,
} from "./engine.ts";
export { hasReachableMemory } from "./backends.ts";
export { copiedData } from "./copied-data.ts";
export type { ElementArrays } from "./memory/access.ts";
export {
  copyBytes,
  type Filling,
  fillable,
  memoryOf,
  tensorFrom,
} from "./memory/bytes.ts";
export { fuse, runLoop } from "./wasm/fuse.ts";
export { bringLate, LateData, lateDataOf, type LateOwner, lateTensor, takesLate } from "./memory/late.ts";
export { callKernel, type KernelInputs } from "./memory/call-kernel.ts";
export { computed } from "./memory/computed.ts";
export { type KernelPlan, traced } from "./wasm/trace.ts";
export {
  addressOn,
  copiesForPlans,
  copyFrom,
  copyTo,
  giveBackMemory,
  lendMemory,
  outputOn,
  planMemory,
  scratchAt,
  takesPlans,
} from "./wasm/planned.ts";
export { aboveOf, notNegativeOf, positiveOf } from "./own/comparisons.ts";
export { ownKernelNames } from "./own-kernel-names.ts";
export {
  type ConvolutionAttrs,
  convolutionKernelNames,
  convolve,
  filterGradient,
  inputGradient,
} from "./own/convolutions.ts";
export {
  maxPoolGradient,
  meanPool,
  type PoolAttrs,
  poolKernelNames,
  selectionOf,
  sharesOf,
} from "./own/pools.ts";
export { curves, curvesWithSlopes, slopes } from "./own/activations.ts";
export { geluErf, geluTanh, silu } from "./ops/activations.ts";
export { arrange, contract, contractPair, shaped } from "./ops/contract.ts";
export { recurrentKernelNames, type SequenceAttrs, type SimpleAttrs } from "./own/recurrent-names.ts";
export { gruGradientOver, lstmGradientOver, simpleGradientOver } from "./own/recurrent-gradients.ts";
export { gruOver, lstmOver, simpleOver } from "./own/recurrent-ops.ts";
export { DENSE, type DenseAttrs, sizesBeside } from "./own/dense.ts";
export { MASKED, type MaskedAttrs } from "./own/masks.ts";
export { clamp, sign } from "./ops/exact.ts";
export { fusedMatMul } from "./ops/fused-mat-mul.ts";
export { normalizeBackOf, normalizeOf } from "./ops/normalize.ts";
export { gather, gatherAt, oneHotRows } from "./ops/indexing.ts";
export { alsoOnDevice, filledInfo, newTensor } from "./memory/new-tensor.ts";
export { type DeviceDraw, drawnOnDevice, drawsOnDevice } from "./gpu/threefry.ts";
export { masked, presentMasked } from "./ops/masked.ts";
export type { Operand } from "./ops/op.ts";
export * from "./ops/ops.ts";
export { sliceAt, slicesAfterFirst } from "./ops/slice-at.ts";
export { convSpatial, depthwiseSpatial, poolValid, transposedSpatial } from "./ops/spatial.ts";
export {
  entropyBackOf,
  entropyOf,
  labelEntropyBackOf,
  labelEntropyOf,
  logSoftmaxBackOf,
  logSoftmaxOf,
  logSumExpBackOf,
  logSumExpOf,
  presentLogSoftmaxOf,
  presentLogSumExpOf,
  softmaxBackOf,
} from "./ops/softmax.ts";
export { type NormAttrs, layNorm, type NormAxis } from "./own/norm-layout.ts";
export { normKernelNames } from "./own/normalize.ts";
export { softmaxKernelNames } from "./own/softmax.ts";
export { largestOf } from "./ops/largest.ts";
export { isAwaited, keepValues, tensorOf, scalarOf, valuesOf } from "./ops/values.ts";
export { rowsOf } from "./ops/rows.ts";
export { type AddAttrs, rowKernelNames, rowsOf as presentRowsOf, rowSumsOf } from "./own/rows.ts";
export { SELECT, selectOf } from "./own/select.ts";
export { addRows } from "./quick/add-rows.ts";
export { broadcast, sumTo } from "./quick/broadcasting.ts";
export type { Labelled } from "./quick/contract.ts";
export { letterSizes, parseEquation } from "./quick/equation.ts";
export {
  type Axis,
  axes2D,
  axes3D,
  axesOf2D,
  axesOf3D,
  interleave,
  padSpatial,
  readRegion,
} from "./conv-geometry.ts";
export { conv2DAxes } from "./quick/convolve.ts";
export { filtersOf, perChannel } from "./quick/grouped.ts";
export { product } from "./quick/product.ts";
export {
  type ComputeCall,
  type Fill,
  type FillCall,
  type ElementKernel,
  type FuseCall,
  type FusedLoop,
  isRecorded,
  type MadeFrom,
  type Recorder,
  recorder,
  setRecorder,
} from "./recorder.ts";
export { clampKernels, type Clamps } from "./wasm/product-plan.ts";
export { forgetKernels, installKernels } from "./registry.ts";
export { axesOf, keepDims, sameShape, sizeOf } from "./shape.ts";
export * from "./steps/rules.ts";
export { overwritesOf, overwriting, wroteOver } from "./steps/overwriting.ts";
export type { StepRule } from "./steps/step-kernel.ts";
export { isSole as canWriteOver, type StepMemory, withStepMemory } from "./steps/step-memory.ts";
export { type Finish, takeStep } from "./steps/take-step.ts";
export { fusesProducts } from "./wasm/mat-mul.ts";
export { substitutesNow, useWasmKernels } from "./wasm/module.ts";
export type { Rank, Tensor } from "@tensorflow/tfjs-core";
