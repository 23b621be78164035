/** @file What the engine of tensorflow.js says of a value and of itself. */
import { engine, reshape, Tensor, version_core as version } from "@tensorflow/tfjs-core";

/** Whether `x` is a tensor. */
export const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;

/** Whether ops are being recorded for a gradient. */
export const isRecording = (): boolean => engine().state.gradientDepth > 0;

/**
 * The same values as another tensor object, recorded on an open tape: `reshape` shares the data on
 * every backend, `clone` copies on wasm.
 */
export const alias = (x: Tensor): Tensor => reshape(x, x.shape);

/** The version of tensorflow.js. */
export const versionOfTensorflow: string = version;
