/**
 * @file Gradients that are known to be zero. JAX does not propagate them; this package marks them.
 */
import { type Tensor, zeros } from "@tensorflow/tfjs-core";

const known = new WeakSet<Tensor>();

/**
 * A float32 zero gradient of this shape. Rules further back pass it on without computing anything
 * with it.
 */
export function zero(shape: readonly number[]): Tensor {
  const tensor: Tensor = zeros([...shape]);
  known.add(tensor);
  return tensor;
}

/** Whether a gradient came from {@link zero} and from nothing else. */
export const isZero = (gradient: Tensor): boolean => known.has(gradient);
