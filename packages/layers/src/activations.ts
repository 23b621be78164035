/** @file Activation functions. */
import { relu as tfRelu, type Tensor } from "./tensor.ts";

/**
 * `max(x, 0)`, element by element. The gradient at 0 is 0.
 * @param x - Any shape, float32.
 * @see `jax.nn.relu`
 */
export const relu = <T extends Tensor>(x: T): T => tfRelu(x);
