/** @file What a replay asks of the engine and of a backend. */
import * as tf from "@tensorflow/tfjs-core";
import { isAlive, type KernelInputs } from "@nnxjs/kernels/internal";
import { scoped } from "./scopes.ts";

type Tensor = tf.Tensor;

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
  let ofBackend = lookUps.get(backend);
  if (!ofBackend) {
    ofBackend = new Map();
    lookUps.set(backend, ofBackend);
  }
  let lookUp = ofBackend.get(name);
  if (!lookUp) {
    lookUp = newLookup(name, backend, `${backend}_${name}`);
    ofBackend.set(name, lookUp);
  }
  return lookUp;
}

type Lookup = () => InstalledKernel | undefined;

/** By backend and name: a text of both, made for each kernel, takes longer. */
const lookUps = new Map<string, Map<string, Lookup>>();

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
