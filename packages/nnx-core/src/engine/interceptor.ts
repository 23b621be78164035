/** @file Stands before the engine where it runs kernels, and takes and gives values. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelInputs } from "@nnxjs/kernels/internal";

type Tensor = tf.Tensor;

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
