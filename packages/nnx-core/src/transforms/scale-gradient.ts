/** @file Values whose gradients are scaled. */
import { stopGradient } from "../autodiff/stop-gradient.ts";
import { describe, GradientError } from "../errors.ts";
import { mapTensors } from "../ownership/tensors-in.ts";
import { alias, isTensor, mul, type Tensor } from "../tensor.ts";
import { customVjp } from "./custom-vjp.ts";

const where = "scaleGradient";

/**
 * The same value; the gradient that flows back through it is multiplied by `scale`. A negative one
 * turns it around, as adversarial training of features does.
 * @param value - A tensor, or arrays, plain objects and Maps of tensors; other values are returned
 * as they are.
 * @param scale - A finite number, or a scalar: in a recorded function, a number is a constant.
 * @throws {@link GradientError} for any other scale.
 * @see `optax.scale_gradient`; Ganin and Lempitsky 2015, https://arxiv.org/abs/1409.7495
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const f = (a: tf.Tensor) => tf.sum(tf.square(nnx.scaleGradient(a, -0.5)));
 * Array.from(nnx.grad(f)(tf.tensor1d([2, 3])).dataSync()); // => [-2, -3]
 * ```
 */
export function scaleGradient<T>(value: T, scale: number | Tensor): T {
  if (isTensor(scale) ? scale.rank !== 0 : !Number.isFinite(scale)) {
    throw new GradientError(
      `${where}: expected scale to be a finite number or a scalar, got ${describe(scale)}. Reduce it first.`,
    );
  }
  if (scale === 1) return mapTensors(value, alias) as T;
  if (scale === 0) return stopGradient(value);
  const scaled = customVjp((x: Tensor, _: number | Tensor) => alias(x), { nondiffArgnums: [1] });
  scaled.defvjp(
    (x, factor) => [x, factor],
    (factor, dy) => [mul(dy, factor)],
  );
  return mapTensors(value, (x) => scaled(x, scale)) as T;
}
