/**
 * @file Where recorders of runs are told what the engine does not tell them. The engine's
 * `runKernel` shows most of a run; what makes or reads tensors in other ways comes by here.
 */
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { ElementArrays } from "./memory/access.ts";
import type { WasmModule } from "./wasm/module.ts";
import type { Clamps } from "./wasm/product-plan.ts";

/** A loop over elements, as `fuse` takes it. */
export type FusedLoop = (inputs: readonly Float32Array[], outputs: readonly Float32Array[]) => void;

/**
 * A loop of `fuse` as a function `name(…inputs, …outputs, length, …scalars)` of a WebAssembly module.
 * All inputs and outputs have as many elements.
 */
export interface ElementKernel {
  readonly module: WasmModule;
  readonly name: string;
  readonly scalars: readonly number[];
}

/** A function that depends on an object such as a key, and how it is made of another one. */
export interface MadeFrom<F> {
  readonly from: object;
  readonly make: (from: object) => F;
}

/** A call of `fuse`. */
export interface FuseCall {
  readonly inputs: readonly Tensor[];
  readonly shapes: readonly (readonly number[])[];
  readonly loop: FusedLoop;
  readonly kernel: ElementKernel | undefined;
  readonly made: MadeFrom<FusedLoop> | undefined;
}

/** What writes the elements of a new tensor. */
export type Fill = (elements: ElementArrays[keyof ElementArrays]) => void;

/** A call of `newTensor`. */
export interface FillCall {
  readonly dtype: keyof ElementArrays;
  readonly shape: readonly number[];
  readonly fill: Fill;
  readonly made: MadeFrom<Fill> | undefined;
}

/**
 * The same computation for many inputs at once.
 * @param isBatched - Which inputs are many, along a first axis of this size.
 * @param clamps - Bounds that the results are brought into.
 * @returns the results along a first axis.
 */
export type ComputeBatch = (
  inputs: readonly Tensor[],
  isBatched: readonly boolean[],
  size: number,
  clamps: Clamps,
) => Tensor;

/** A call of `computed`. */
export interface ComputeCall {
  readonly inputs: readonly Tensor[];
  readonly run: (inputs: readonly TensorInfo[]) => TensorInfo | undefined;
  readonly batch: ComputeBatch | undefined;
  /** The shape of the result, which is float32, where the caller knows it. */
  readonly shape: readonly number[] | undefined;
}

/** Records a run, or plays one. */
export interface Recorder {
  /** @param run - What `fuse` does without a recorder. */
  fuse(call: FuseCall, run: () => Tensor[] | undefined): Tensor[] | undefined;
  /** @param run - What `newTensor` does without a recorder. */
  fill(call: FillCall, run: () => Tensor): Tensor;
  /** @param run - What `computed` does without a recorder. */
  compute(call: ComputeCall, run: () => Tensor | undefined): Tensor | undefined;
  /** Whether it follows tensors that share their data: it is told of each then. */
  readonly followsSharing: boolean;
  /** `copy` has the data of another tensor, an input or output of the kernel that is running. */
  sharesData(copy: Tensor, of: Tensor): void;
  /** The values of some data are about to be read. An error stops this. */
  read(dataId: object): void;
  /** `make(from)` made an object such as a key of another one. */
  derived(made: object, from: object, make: (from: object) => object): void;
  /** The contents of an object such as a key are about to be read. An error stops this. */
  opened(object: object): void;
}

/** The recorder of the run that is going on. */
export let recorder: Recorder | undefined;

/** Sets the recorder, or none. @returns the one before */
export function setRecorder(next: Recorder | undefined): Recorder | undefined {
  const before = recorder;
  recorder = next;
  return before;
}

/**
 * Whether a run is recorded to be played again with other values: the values of tensors cannot be
 * read then.
 */
export const isRecorded = (): boolean => recorder !== undefined;
