/**
 * @file Questions to tensorflow.js's engine: what is a tensor, whether a tape is recording, and the
 * tape itself.
 */
import {
  engine,
  getBackend,
  type KernelBackend,
  reshape,
  Tensor,
  version_core as version,
} from "@tensorflow/tfjs-core";
import { isRecorded, recorder } from "./recorder.ts";
import { sameShape } from "./shape.ts";

/** Whether `x` is a tensor. */
export const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;

/** Whether a tape is recording ops for a gradient. */
export const isRecording = (): boolean => engine().state.gradientDepth > 0;

/** One kernel that the engine recorded. */
export interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  readonly saved?: readonly Tensor[];
  gradient?: (dys: (Tensor | undefined)[]) => Readonly<Record<string, () => Tensor>>;
}

/** The engine's members for its tape. They exist at run time, but its types do not declare them. */
export interface TapeEngine {
  startTape(): void;
  endTape(): void;
  /** A property, since it is replaced by functions that call the one before. */
  addTapeNode: (
    this: TapeEngine,
    kernelName: string,
    inputs: TapeNode["inputs"],
    outputs: readonly Tensor[],
    gradient: ((dys: Tensor | readonly Tensor[]) => Readonly<Record<string, () => Tensor>>) | null,
    saved: readonly Tensor[],
    attributes: object | undefined,
  ) => void;
  readonly state: { activeTape: TapeNode[] | null; gradientDepth: number; kernelDepth: number };
}

/** The engine as the owner of the tape. */
export const tapeEngine = (): TapeEngine => engine() as unknown as TapeEngine;

/** What the engine knows of data. It exists at run time, but its types do not declare it. */
interface DataEngine {
  readonly state: { readonly tensorInfo: WeakMap<object, { readonly backend: KernelBackend }> };
}

/** The backend that has data; `undefined` when no tensor has them any more. */
export const backendOf = (dataId: object): KernelBackend | undefined =>
  (engine() as unknown as DataEngine).state.tensorInfo.get(dataId)?.backend;

/** Whether some tensor still has this data. */
export const isAlive = (dataId: object): boolean => backendOf(dataId) !== undefined;

/** Whether a backend knows data by one shape, as that of tfjs-node does: TensorFlow's tensors have theirs. */
const hasShapesOfData = (backend: object): boolean => "executeSingleOutput" in backend;

/**
 * Another tensor of the same data, which lives as long as this one does. No kernel runs, and no
 * tape and no recorder sees it.
 * @param shape - Of as many elements.
 */
export function sharing(x: Tensor, shape: number[] = x.shape): Tensor {
  const { dataId, dtype } = x;
  // It may be another than the one in use.
  const backend = backendOf(dataId);
  // A kernel has the words for a tensor that was disposed.
  if (!backend || (!sameShape(x.shape, shape) && hasShapesOfData(backend))) return reshape(x, shape);
  backend.incRef(dataId);
  return engine().makeTensorFromDataId(dataId, shape, dtype, backend);
}

/** Whether what shares data is followed by whoever follows the run. */
export const canShare = (): boolean => recorder === undefined || recorder.followsSharing;

/** As {@link sharing}, and a recorder is told. Ask {@link canShare} first. */
export function sharedCopy(x: Tensor): Tensor {
  const copy = sharing(x);
  recorder?.sharesData(copy, x);
  return copy;
}

/**
 * The same values in another shape, recorded on an open tape. This is `reshape` where somebody
 * sees it; else the data are shared without running a kernel.
 */
export const reshaped = (x: Tensor, shape: readonly number[]): Tensor =>
  isRecording() || isRecorded() ? reshape(x, [...shape]) : sharing(x, [...shape]);

/** {@link reshaped}, or the tensor itself where it has that shape. */
export const inShape = (x: Tensor, shape: readonly number[]): Tensor =>
  sameShape(x.shape, shape) ? x : reshaped(x, shape);

/**
 * Another tensor object with the same values, recorded on an open tape. tensorflow.js's own
 * `clone` copies on wasm.
 */
export const alias = (x: Tensor): Tensor =>
  !isRecording() && canShare() ? sharedCopy(x) : reshaped(x, x.shape);

/** The version of tensorflow.js. */
export const versionOfTensorflow: string = version;

/** What tells backends apart: programs belong to one. */
export const backendInUse: () => string = getBackend;
