/** @file Running means, and what they lack in the first steps. */
import { add, mul, type Tensor } from "@nnxjs/kernels/internal";

/** `decay * mean + (1 - decay) * value` */
export const runningMean = (decay: number, mean: Tensor, value: Tensor): Tensor =>
  add(mul(mean, decay), mul(value, 1 - decay));

/** The weights of two running means, and of what is taken into each. */
export const means = (b1: number, b2: number): readonly [number, number, number, number] => [
  b1,
  1 - b1,
  b2,
  1 - b2,
];

/**
 * What the weights of a running mean that began with 0 sum up to after `count` values: `1 - decay
 * ** count`. In float32 as optax has it: near `decay = 1` what is left has few digits.
 * @see `optax.tree.bias_correction`
 */
export const biasCorrection = (decay: number, count: number): number =>
  Math.fround(1 - Math.fround(Math.fround(decay) ** count));
