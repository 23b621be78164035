/**
 * @file The only file of this package that imports the array library. Graphs, States and filters
 * hold values of any kind and do not depend on tensors. Uses of tensorflow.js's engine that its
 * types do not declare are all in this file.
 */
import * as tf from "@tensorflow/tfjs-core";
import { callKernel, isAlive, type KernelInputs, unstack, valuesOf } from "@nnxjs/kernels/internal";
import { disposedAdvice, DisposedError, disposedText } from "./errors.ts";

export {
  addressOn,
  alias,
  backendInUse,
  callKernel,
  canWriteOver,
  type ComputeCall,
  type ElementArrays,
  type ElementKernel,
  type Fill,
  type FillCall,
  filledInfo,
  computed as computeWith,
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
  lendMemory,
  newTensor,
  outputOn,
  overwritesOf,
  overwriting,
  type Recorder,
  runLoop,
  sameShape,
  scratchAt,
  setRecorder,
  sharing,
  sizeOf,
  substitutesNow,
  sliceAt,
  takesPlans,
  tensorWithoutValues,
  traced,
  scalarOf,
  valuesOf,
  withoutValues,
  wroteOver,
} from "@nnxjs/kernels/internal";

/** An immutable array: tensorflow.js's. */
export type Tensor = tf.Tensor;

/** The ops that this package computes with. */
export const add: typeof tf.add = tf.add;
export const ones: typeof tf.ones = tf.ones;
export const eye: typeof tf.eye = tf.eye;
export const reshape: typeof tf.reshape = tf.reshape;
export const zeros: typeof tf.zeros = tf.zeros;
export const zerosLike: typeof tf.zerosLike = tf.zerosLike;

/**
 * `tf.tidy` for results of any type: the tensors in arrays, plain objects and class instances
 * survive.
 */
export function scoped<R>(f: () => R): R {
  // The types of `tf.tidy` allow only results that it searches for tensors. It accepts others, too.
  const run: () => void = f;
  return tf.tidy(run) as R;
}

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

/** An open scope of the engine. */
export interface Scope {
  readonly id: number;
  /** The op that opened it. */
  readonly name: string;
  /** The tensors that were made in it. */
  readonly track: Tensor[];
}

/** The engine's members for scopes. They exist at run time, but its types do not declare them. */
export interface ScopeEngine {
  readonly state: { readonly scopeStack: readonly Scope[]; readonly activeScope: Scope | null };
  track(tensor: Tensor): void;
  endScope(result?: unknown): void;
}

export const scopeEngine = (): ScopeEngine => tf.engine() as unknown as ScopeEngine;

/** The names of the ops that are running, and of other open scopes. */
export const openOps = (): readonly string[] => scopeEngine().state.scopeStack.map(({ name }) => name);

/** The fields needed to free a tensor's data after the tensor object itself was collected. */
export type TensorRemains = Pick<Tensor, "dataId" | "dtype" | "size">;

/** Frees the data of a tensor whose object was collected. */
export function disposeRemains(remains: TensorRemains): void {
  // The engine reads these three fields only; the tensor object itself no longer exists.
  tf.engine().disposeTensor(remains as Tensor);
}

/**
 * Returns a function that guards the tensors that Variables and States hold. `onDispose` is called
 * when somebody frees a guarded tensor. `data()` and `dataSync()` of a guarded tensor return
 * copies: on the cpu backend `dataSync()` returns the array that the model computes with, and
 * writing to it would change the model.
 */
export function makeGuard(onDispose: (tensor: Tensor) => void): (tensor: Tensor) => void {
  const { prototype } = tf.Tensor;
  const refuse = function (this: Tensor): never {
    throw new DisposedError(disposedText("Tensor", this));
  };
  // All guarded tensors share these functions, since a model may have thousands of leaves.
  const dispose = function (this: Tensor): void {
    if (this.isDisposed) return;
    onDispose(this);
    prototype.dispose.call(this);
    // Every method of a tensor calls `throwIfDisposed` first. The types do not declare it.
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
    if (!isInstalled) {
      sayDisposed();
      // Test runners print copies of what they compare. An object with a tag is not copied, and the
      // copy of a tensor would have no data to print.
      Object.defineProperty(prototype, Symbol.toStringTag, { value: "Tensor", configurable: true });
    }
    isInstalled = true;
    tensor.dispose = dispose;
    tensor.dataSync = dataSync;
    tensor.data = data;
  };
}

/**
 * The engine's members for finding data that a backend does not have. They exist at run time, but
 * its types do not declare them.
 */
interface DataEngine {
  moveData(backend: unknown, dataId: object): void;
}

/**
 * Makes ops throw {@link DisposedError} for a disposed input. tensorflow.js itself fails with a
 * TypeError, because it reads a property of `undefined`. Kernels call `moveData` only for data that
 * their backend does not have, so live inputs cost nothing.
 */
function sayDisposed(): void {
  const engine = tf.engine() as unknown as DataEngine;
  const moveData = engine.moveData.bind(engine);
  engine.moveData = (backend, dataId): void => {
    if (!isAlive(dataId)) {
      throw new DisposedError(
        `Tensor: expected live tensors as inputs of ops, got one that was disposed. ${disposedAdvice}`,
      );
    }
    moveData(backend, dataId);
  };
}

/** One kernel that the engine recorded. */
export interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  readonly saved?: readonly Tensor[];
  readonly gradient?: (dys: (Tensor | undefined)[]) => Readonly<Record<string, () => Tensor>>;
}

/** The engine's members for its tape. They exist at run time, but its types do not declare them. */
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

/** How many bytes all tensors have now. */
export const bytesNow = (): number => tf.memory().numBytes;

/**
 * Calls `notice` with every op as the tape records it, while the op's tensors are still alive.
 * Returns a function that stops this.
 */
export function onRecord(notice: (node: TapeNode) => void): () => void {
  const engine = tapeEngine();
  const before = Object.getOwnPropertyDescriptor(engine, "addTapeNode");
  const addTapeNode = engine.addTapeNode.bind(engine);
  engine.addTapeNode = function (...args): void {
    addTapeNode(...args);
    // The tape also records the copies that a kernel saves for its gradient. They are not ops of
    // the model, and are recorded inside the kernel.
    if (this.state.kernelDepth > 0) return;
    const node = this.state.activeTape?.at(-1);
    if (node) notice(node);
  };
  return () => {
    if (before) Object.defineProperty(engine, "addTapeNode", before);
    // Deleting the override uncovers the method of the engine's prototype.
    else Reflect.deleteProperty(engine, "addTapeNode");
  };
}

/** Sees what the engine is asked for, and may answer in its place. */
export interface Interceptor {
  /** @param run - Runs the kernel. */
  kernel(name: string, inputs: KernelInputs, attrs: object | undefined, run: () => unknown): unknown;
  /** @param make - Makes a tensor of these values, which are converted to the dtype. */
  values(values: unknown, shape: readonly number[], dtype: string, make: () => Tensor): Tensor;
  /** The values of some data are about to be read. */
  read(dataId: object): void;
}

/** The engine's members that an {@link Interceptor} stands before. */
interface InterceptedEngine {
  runKernel(name: string, inputs: KernelInputs, attrs?: object): unknown;
  makeTensor(values: unknown, shape: number[], dtype?: string, backend?: unknown): Tensor;
  readSync(dataId: object): unknown;
  read(dataId: object): unknown;
  moveData(backend: unknown, dataId: object): void;
}

let interceptor: Interceptor | undefined;
let installed: InterceptedEngine["runKernel"] | undefined;

/** Whether nobody else has put something before the engine's way to run a kernel. */
export function canIntercept(): boolean {
  const engine = tf.engine() as unknown as InterceptedEngine;
  const own = Object.getPrototypeOf(engine) as InterceptedEngine;
  return !interceptor && (engine.runKernel === installed || engine.runKernel === own.runKernel);
}

/**
 * Puts an interceptor before the engine, or none. The methods of the engine that ask for it stay:
 * to define and delete them each time would make the engine slow.
 * @returns the one before
 */
export function intercept(next: Interceptor | undefined): Interceptor | undefined {
  const engine = tf.engine() as unknown as InterceptedEngine;
  if (next && engine.runKernel !== installed) installOn(engine);
  const before = interceptor;
  interceptor = next;
  return before;
}

/**
 * Calls `around` for each kernel that an op runs, until the function that is returned is called.
 * `around` has to call `run` once and return its result.
 */
export function onKernel(around: (kernelName: string, run: () => unknown) => unknown): () => void {
  const before = intercept({
    kernel: (name, inputs, attrs, run) =>
      around(name, () => (before ? before.kernel(name, inputs, attrs, run) : run())),
    values: (values, shape, dtype, make) => (before ? before.values(values, shape, dtype, make) : make()),
    read: (dataId) => before?.read(dataId),
  });
  return () => {
    intercept(before);
  };
}

/** Whether data are brought to the backend in use. The engine reads them for that, and nobody sees them. */
let isMoving = false;

function installOn(engine: InterceptedEngine): void {
  const runKernel = engine.runKernel.bind(engine);
  const makeTensor = engine.makeTensor.bind(engine);
  const readSync = engine.readSync.bind(engine);
  const read = engine.read.bind(engine);
  const moveData = engine.moveData.bind(engine);
  const own: InterceptedEngine["runKernel"] = (name, inputs, attrs) =>
    // Somebody may have put theirs around an earlier one of ours, which then only passes on.
    interceptor && own === installed
      ? interceptor.kernel(name, inputs, attrs, () => runKernel(name, inputs, attrs))
      : runKernel(name, inputs, attrs);
  installed = own;
  engine.runKernel = own;
  engine.makeTensor = (values, shape, dtype, backend) =>
    interceptor && own === installed
      ? interceptor.values(values, shape, dtype ?? "float32", () => makeTensor(values, shape, dtype, backend))
      : makeTensor(values, shape, dtype, backend);
  engine.readSync = (dataId) => {
    if (own === installed && !isMoving) interceptor?.read(dataId);
    return readSync(dataId);
  };
  engine.read = (dataId) => {
    if (own === installed) interceptor?.read(dataId);
    return read(dataId);
  };
  engine.moveData = (backend, dataId) => {
    isMoving = true;
    try {
      moveData(backend, dataId);
    } finally {
      isMoving = false;
    }
  };
}

/** What kernels work on: a tensor of the engine, or data that only the backend knows. */
export type TensorInfo = tf.TensorInfo;

/** The value of a scalar that the backend in use has. */
export const readScalarOf = ({ dataId }: TensorInfo): number =>
  (tf.engine().backend.readSync(dataId) as ArrayLike<number>)[0] as number;

/** What a replay needs of a backend. All backends have it, but the types do not declare all. */
export interface ReplayBackend {
  disposeData(dataId: object): boolean;
  incRef(dataId: object): void;
}

/** The backend in use. */
export const backendNow = (): ReplayBackend => tf.engine().backend;

/** A kernel as the registry has it. */
export interface InstalledKernel {
  readonly kernelFunc: (call: {
    inputs: unknown;
    attrs: unknown;
    backend: unknown;
  }) => TensorInfo | TensorInfo[];
}

/** The installed kernel of this name, if there is one. */
const installedKernel = (name: string, backend: string): InstalledKernel | undefined =>
  tf.getKernel(name, backend) as unknown as InstalledKernel | undefined;

/**
 * Looks a kernel up again and again: {@link installedKernel} makes the key each time, which costs more
 * than a small kernel does. The registry is a global of tensorflow.js, which its types do not declare.
 */
export function kernelLookup(name: string, backend: string): () => InstalledKernel | undefined {
  const key = `${backend}_${name}`;
  let lookUp = lookUps.get(key);
  if (!lookUp) {
    lookUp = newLookup(name, backend, key);
    lookUps.set(key, lookUp);
  }
  return lookUp;
}

const lookUps = new Map<string, () => InstalledKernel | undefined>();

function newLookup(name: string, backend: string, key: string): () => InstalledKernel | undefined {
  const globals = (globalThis as { _tfGlobals?: ReadonlyMap<string, unknown> })._tfGlobals;
  const registry = globals?.get("kernelRegistry") as ReadonlyMap<string, InstalledKernel> | undefined;
  const found = installedKernel(name, backend);
  return found && registry?.get(key) === found
    ? () => registry.get(key)
    : () => installedKernel(name, backend);
}

/** A tensor of data that the backend has and the engine does not know, as yet. */
export const tensorOfInfo = (info: TensorInfo): Tensor => tf.engine().makeTensorFromTensorInfo(info);

/** The number of the next tensor that the engine makes, or of one before it. */
export const nextTensorId = (): number =>
  (tf.engine() as unknown as { nextTensorId(): number }).nextTensorId();

/** Lets the engine forget data that only the backend is to know. They stay. */
export function forgetData(dataId: object): void {
  // It exists at run time, but the engine's types do not declare it.
  const engine = tf.engine() as unknown as { removeDataId(dataId: object, backend: object): void };
  if (isAlive(dataId)) engine.removeDataId(dataId, tf.engine().backend);
}

let standIns = 0;

/** A tensor object without data, which stands for one that a replay computes. */
export function standIn(shape: readonly number[], dtype: string): Tensor {
  // Numbers below zero, which the engine gives to no tensor.
  const Made = tf.Tensor as unknown as new (
    shape: number[],
    dtype: string,
    dataId: object,
    id: number,
  ) => Tensor;
  return new Made([...shape], dtype, {}, --standIns);
}

/** Runs a kernel by way of the engine, in a scope that frees what else the kernel makes. */
export function runByEngine(name: string, inputs: KernelInputs, attrs: object): readonly Tensor[] {
  const result = scoped(() => tf.engine().runKernel(name, inputs as never, attrs as never) as unknown) as
    | Tensor
    | Tensor[];
  return Array.isArray(result) ? result : [result];
}
