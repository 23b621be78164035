/** @file Questions to tensorflow.js's engine: what is a tensor, and whether a tape is recording. */
import { engine, getBackend, reshape, Tensor, version_core as version } from "@tensorflow/tfjs-core";
import { isRecorded } from "./recorder.ts";
import { sameShape } from "./shape.ts";

/** Whether `x` is a tensor. */
export const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;

/** Whether a tape is recording ops for a gradient. */
export const isRecording = (): boolean => engine().state.gradientDepth > 0;

/** What the engine knows of data. It exists at run time, but its types do not declare it. */
interface DataEngine {
  readonly state: {
    readonly tensorInfo: WeakMap<object, { readonly backend: { incRef(dataId: object): void } }>;
  };
}

/** Whether a backend knows data by one shape, as that of tfjs-node does: TensorFlow's tensors have theirs. */
const hasShapesOfData = (backend: object): boolean => "executeSingleOutput" in backend;

/**
 * Another tensor of the same data, which lives as long as this one does. No kernel runs, and no
 * tape and no recorder sees it.
 * @param shape - Of as many elements.
 */
export function sharing(x: Tensor, shape: number[] = x.shape): Tensor {
  const { dataId, dtype } = x;
  const all = engine();
  const known = (all as unknown as DataEngine).state.tensorInfo.get(dataId);
  // A kernel has the words for a tensor that was disposed.
  if (!known || (!sameShape(x.shape, shape) && hasShapesOfData(known.backend))) return reshape(x, shape);
  known.backend.incRef(dataId);
  // The backend that has the data, which may be another than the one in use.
  return all.makeTensorFromDataId(dataId, shape, dtype, known.backend as never);
}

/**
 * The same values in another shape, recorded on an open tape. This is `reshape` where somebody
 * sees it; else the data are shared without running a kernel.
 */
export const reshaped = (x: Tensor, shape: readonly number[]): Tensor =>
  isRecording() || isRecorded() ? reshape(x, [...shape]) : sharing(x, [...shape]);

/**
 * Another tensor object with the same values, recorded on an open tape. tensorflow.js's own
 * `clone` copies on wasm.
 */
export const alias = (x: Tensor): Tensor => reshaped(x, x.shape);

/** The version of tensorflow.js. */
export const versionOfTensorflow: string = version;

/** What tells backends apart: programs belong to one. */
export const backendInUse: () => string = getBackend;
