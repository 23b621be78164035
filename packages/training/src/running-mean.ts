/** @file Running means. */
import { add, mul, type Tensor } from "./tensor.ts";

/** `decay * mean + (1 - decay) * value` */
export const runningMean = (decay: number, mean: Tensor, value: Tensor): Tensor =>
  add(mul(mean, decay), mul(value, 1 - decay));
