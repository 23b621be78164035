/**
 * @file The door to the array library: no other file of this package but those of engine/ imports it.
 * Graphs, States and filters hold values of any kind and do not depend on tensors. Uses of
 * tensorflow.js's engine that its types do not declare are all in engine/.
 */
import * as tf from "@tensorflow/tfjs-core";
import { callKernel, unstack, valuesOf } from "@nnxjs/kernels/internal";

export {
  addressOn,
  alias,
  backendInUse,
  bringLate,
  callKernel,
  canWriteOver,
  clampKernels,
  type Clamps,
  type ComputeCall,
  type ElementKernel,
  type Fill,
  type FillCall,
  filledInfo,
  computed as computeWith,
  copiesForPlans,
  copyFrom,
  copyTo,
  copiedData,
  fuse,
  type FuseCall,
  fusesProducts,
  type FusedLoop,
  giveBackMemory,
  inShape,
  hasReachableMemory as isReachable,
  isAbstract,
  isAlive,
  isRecording,
  isTensor,
  keepValues,
  type KernelInputs,
  type KernelPlan,
  type LateData,
  lateDataOf,
  type LateOwner,
  lateTensor,
  lendMemory,
  newTensor,
  outputOn,
  overwritesOf,
  overwriting,
  planMemory,
  type Recorder,
  runLoop,
  sameShape,
  scratchAt,
  setRecorder,
  sharing,
  sizeOf,
  sizesBeside,
  type DenseAttrs,
  substitutesNow,
  shapesOf,
  sliceAt,
  slicesAfterFirst,
  takesLate,
  takesPlans,
  tapeEngine,
  type TapeNode,
  tensorWithoutValues,
  traced,
  scalarOf,
  valuesOf,
  withoutValues,
  wroteOver,
} from "@nnxjs/kernels/internal";
export { disposeRemains, makeGuard, type TensorRemains } from "./engine/guard.ts";
export { canIntercept, intercept, type Interceptor, onKernel } from "./engine/interceptor.ts";
export {
  backendNow,
  forgetData,
  type InstalledKernel,
  kernelLookup,
  nextTensorId,
  readScalarOf,
  type ReplayBackend,
  runByEngine,
  standIn,
  type TensorInfo,
  tensorOfInfo,
} from "./engine/replay.ts";
export { openOps, type Scope, scoped, scopeEngine } from "./engine/scopes.ts";
export { onRecord } from "./engine/tape.ts";

/** An immutable array: tensorflow.js's. */
export type Tensor = tf.Tensor;
/** One without axes. */
export type Scalar = tf.Scalar;
/** One with one axis. */
export type Tensor1D = tf.Tensor1D;

/** The ops that this package computes with. */
export const add: typeof tf.add = tf.add;
export const mul: typeof tf.mul = tf.mul;
export const ones: typeof tf.ones = tf.ones;
export const eye: typeof tf.eye = tf.eye;
export const reshape: typeof tf.reshape = tf.reshape;
export const zeros: typeof tf.zeros = tf.zeros;
export const zerosLike: typeof tf.zerosLike = tf.zerosLike;

/** All slices along an axis that is not negative, without that axis. */
export const unstackTensor = (tensor: Tensor, axis: number): readonly Tensor[] => unstack(tensor, axis);

/** The tensor with another axis first, in its order else. */
export function withFirst(tensor: Tensor, axis: number): Tensor {
  if (axis === 0) return tensor;
  const rest = tensor.shape.map((_, i) => i).filter((i) => i !== axis);
  return callKernel("Transpose", { x: tensor }, { perm: [axis, ...rest] }) as Tensor;
}

/** The tensor with its first axis in another place. */
export function withFirstAt(tensor: Tensor, axis: number): Tensor {
  if (axis === 0) return tensor;
  const perm = tensor.shape.map((_, i) => (i < axis ? i + 1 : i === axis ? 0 : i));
  return callKernel("Transpose", { x: tensor }, { perm }) as Tensor;
}

/** Tensors of one shape along a new axis. */
export const stackTensors = (tensors: readonly Tensor[], axis: number): Tensor =>
  callKernel("Pack", [...tensors], { axis }) as Tensor;

/** Whether two tensors of one shape and dtype have the same values. Reads them, for `where`. */
export function sameTensors(a: Tensor, b: Tensor, where: string, advice: string): boolean {
  if (a === b || a.dataId === b.dataId) return true;
  if (a.dtype !== b.dtype || String(a.shape) !== String(b.shape)) return false;
  const [x, y] = [valuesOf(a, where, advice), valuesOf(b, where, advice)];
  return x.every((value, i) => Object.is(value, y[i]));
}

/**
 * How many elements of a float32 tensor are NaN, and how many are not finite: scalars that the caller
 * disposes.
 */
export function countFaults(tensor: Tensor): { readonly nan: Tensor; readonly notFinite: Tensor } {
  const sumOf = (isSo: Tensor): Tensor => tf.sum(tf.cast(isSo, "int32"));
  const [nan, notFinite] = tf.tidy<[Tensor, Tensor]>(() => [
    sumOf(tf.isNaN(tensor)),
    sumOf(tf.logicalNot(tf.less(tf.abs(tensor), Infinity))),
  ]);
  return { nan: tf.keep(nan), notFinite: tf.keep(notFinite) };
}

/** A variable of tensorflow.js, which gets other data when something is assigned to it. */
export type AssignedTensor = Tensor & { readonly name: string };

/** Whether a tensor is a variable of tensorflow.js. */
export const isAssigned = (x: Tensor): x is AssignedTensor => x instanceof tf.Variable;

/**
 * Notes the data of all variables of tensorflow.js. Most programs have none.
 * @returns a function that gives one to which something was assigned since, if there is one.
 */
export function watchAssigned(): () => AssignedTensor | undefined {
  const all = Object.values(tf.engine().registeredVariables).map((each) => [each, each.dataId] as const);
  return () => all.find(([{ dataId }, before]) => dataId !== before)?.[0];
}

/** Keeps a tensor alive when the scopes around it end. */
export const keep = (tensor: Tensor): void => {
  tf.keep(tensor);
};

/** How many bytes all tensors have now. */
export const bytesNow = (): number => tf.memory().numBytes;
