/**
 * @file The only file of this package that names the array library. It hides it: graphs, States and
 * filters hold values of any kind and know nothing of tensors, and what is asked of tensorflow.js's
 * engine beyond its types is asked here.
 */
import * as tf from "@tensorflow/tfjs-core";
import { disposedAdvice, DisposedError, disposedText } from "./errors.ts";

export { alias, type ElementArrays, fuse, isRecording, isTensor, newTensor } from "@nnxjs/kernels/internal";

/** An immutable array: tensorflow.js's. */
export type Tensor = tf.Tensor;

/** The ops that this package computes with. */
export const add: typeof tf.add = tf.add;
export const ones: typeof tf.ones = tf.ones;
export const zeros: typeof tf.zeros = tf.zeros;
export const zerosLike: typeof tf.zerosLike = tf.zerosLike;

/**
 * `tf.tidy` for results of any type: the tensors in arrays, plain objects and class instances
 * survive.
 */
export function scoped<R>(f: () => R): R {
  // tensorflow.js types the results that it searches for tensors. It takes all others, too.
  const run: () => void = f;
  return tf.tidy(run) as R;
}

/** One slice along an axis, without that axis. */
export const sliceAt = (tensor: Tensor, axis: number, index: number): Tensor =>
  tf.squeeze(tf.gather(tensor, [index], axis), [axis < 0 ? axis + tensor.rank : axis]);

/** Tensors of one shape along a new axis. */
export const stackTensors = (tensors: readonly Tensor[], axis: number): Tensor =>
  tf.stack([...tensors], axis);

/** Takes a tensor out of every scope's reach. */
export const keep = (tensor: Tensor): void => {
  tf.keep(tensor);
};

/** A scope that is open, as the engine has it. */
export interface Scope {
  readonly id: number;
  /** What was made in it. */
  readonly track: Tensor[];
}

/** What the engine knows of scopes; public there, but not in its types. */
export interface ScopeEngine {
  readonly state: { readonly scopeStack: readonly Scope[]; readonly activeScope: Scope | null };
  track(tensor: Tensor): void;
  endScope(result?: unknown): void;
}

export const scopeEngine = (): ScopeEngine => tf.engine() as unknown as ScopeEngine;

/** What it takes to free a tensor's data when the tensor object itself is gone. */
export type TensorRemains = Pick<Tensor, "dataId" | "dtype" | "size">;

/** Frees the data of a tensor whose object was collected. */
export function disposeRemains(remains: TensorRemains): void {
  // The engine reads these three fields only; the tensor object itself no longer exists.
  tf.engine().disposeTensor(remains as Tensor);
}

/**
 * Watches tensors that Variables and States hold: tells when somebody frees one, and hands out
 * copies of their data, since on the cpu backend `dataSync()` is the very array that the model
 * computes with.
 */
export function makeGuard(onDispose: (tensor: Tensor) => void): (tensor: Tensor) => void {
  const { prototype } = tf.Tensor;
  const refuse = function (this: Tensor): never {
    throw new DisposedError(disposedText("Tensor", this));
  };
  // The functions are shared: as many tensors are guarded as models have leaves.
  const dispose = function (this: Tensor): void {
    if (this.isDisposed) return;
    onDispose(this);
    prototype.dispose.call(this);
    // What all methods call first; it is there, but not in the types.
    (this as { throwIfDisposed?: () => void }).throwIfDisposed = refuse;
  };
  const dataSync = function <D extends tf.DataType>(this: Tensor): tf.DataTypeMap[D] {
    return prototype.dataSync.call(this).slice() as tf.DataTypeMap[D];
  };
  const data = async function <D extends tf.DataType>(this: Tensor): Promise<tf.DataTypeMap[D]> {
    return (await prototype.data.call(this)).slice() as tf.DataTypeMap[D];
  };
  let isInstalled = false;
  return (tensor) => {
    if (!isInstalled) sayDisposed();
    isInstalled = true;
    tensor.dispose = dispose;
    tensor.dataSync = dataSync;
    tensor.data = data;
  };
}

/**
 * The engine's way to find data that a backend does not have: public there, but not in its types.
 */
interface DataEngine {
  readonly state: { readonly tensorInfo: WeakMap<object, unknown> };
  moveData(backend: unknown, dataId: object): void;
}

/**
 * Lets ops say so when they are given a tensor that was disposed, whoever made it, where
 * tensorflow.js fails to read a property of `undefined`. Every kernel of every backend comes by
 * here then, and only then.
 */
function sayDisposed(): void {
  const engine = tf.engine() as unknown as DataEngine;
  const moveData = engine.moveData.bind(engine);
  engine.moveData = (backend, dataId): void => {
    if (!engine.state.tensorInfo.has(dataId)) {
      throw new DisposedError(
        `Tensor: expected live tensors as inputs of ops, got one that was disposed. ${disposedAdvice}`,
      );
    }
    moveData(backend, dataId);
  };
}

/** One recorded kernel, as the engine writes it. */
export interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  readonly saved?: readonly Tensor[];
  readonly gradient?: (dys: (Tensor | undefined)[]) => Readonly<Record<string, () => Tensor>>;
}

/** The engine's tape: there at run time, but not in its types. */
export interface TapeEngine {
  startTape(): void;
  endTape(): void;
  addTapeNode(
    kernelName: string,
    inputs: TapeNode["inputs"],
    outputs: readonly Tensor[],
    gradient: ((dys: Tensor | readonly Tensor[]) => Readonly<Record<string, () => Tensor>>) | null,
    saved: readonly Tensor[],
    attributes: object,
  ): void;
  readonly state: { activeTape: TapeNode[] | null; gradientDepth: number; kernelDepth: number };
}

export const tapeEngine = (): TapeEngine => tf.engine() as unknown as TapeEngine;

/**
 * Calls `notice` with every op that the tape records, at once, while its tensors are there. Returns
 * how to stop.
 */
export function onRecord(notice: (node: TapeNode) => void): () => void {
  const engine = tapeEngine();
  const addTapeNode = engine.addTapeNode.bind(engine);
  engine.addTapeNode = function (...args): void {
    addTapeNode(...args);
    // Copies that a kernel saves for its gradient are recorded too, inside the kernel: they are no
    // ops of the model.
    if (this.state.kernelDepth > 0) return;
    const node = this.state.activeTape?.at(-1);
    if (node) notice(node);
  };
  return () => {
    // The engine's own method is its prototype's.
    Reflect.deleteProperty(engine, "addTapeNode");
  };
}
