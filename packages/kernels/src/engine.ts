/** @file Questions to tensorflow.js's engine: what is a tensor, and whether a tape is recording. */
import { engine, getBackend, reshape, Tensor, version_core as version } from "@tensorflow/tfjs-core";

/** Whether `x` is a tensor. */
export const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;

/** Whether a tape is recording ops for a gradient. */
export const isRecording = (): boolean => engine().state.gradientDepth > 0;

/**
 * Another tensor object with the same values, recorded on an open tape. This uses `reshape`, which
 * shares the data on every backend; tensorflow.js's own `clone` copies on wasm.
 */
export const alias = (x: Tensor): Tensor => reshape(x, x.shape);

/** The version of tensorflow.js. */
export const versionOfTensorflow: string = version;

/** What tells backends apart: programs belong to one. */
export const backendInUse: () => string = getBackend;
