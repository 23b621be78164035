/** @file Values without a past. */
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
 * const g = nnx.grad((a: tf.Tensor) => tf.sum(tf.mul(a, nnx.stopGradient(a))))(tf.tensor1d([2, 3]));
 * Array.from(g.dataSync()); // => [2, 3]
 * ```
 */
export const stopGradient = <T>(value: T): T => withoutTape(() => mapTensors(value, alias)) as T;
