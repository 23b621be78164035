/** @file Values that gradients do not flow through. */
import { mapTensors } from "../ownership/tensors-in.ts";
import { alias } from "../tensor.ts";
import { withoutTape } from "./tape.ts";

/**
 * The same value, as a constant: no gradient flows through it.
 * @param value - A tensor, or arrays, plain objects and Maps of tensors; other values are returned
 * as they are.
 * @see `jax.lax.stop_gradient`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const f = (a: tf.Tensor) => tf.sum(tf.mul(a, nnx.stopGradient(a)));
 * const g = nnx.grad(f)(tf.tensor1d([2, 3]));
 * Array.from(g.dataSync()); // => [2, 3]
 * ```
 */
export const stopGradient = <T>(value: T): T => withoutTape(() => mapTensors(value, alias)) as T;
