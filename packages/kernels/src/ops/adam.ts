/** @file Adam's step as a kernel, for `fuse`. */
import type { ElementKernel } from "../memory/fuse.ts";
import { adamModule } from "../wasm/adam.generated.ts";

/** The numbers in a step of Adam. */
export interface AdamNumbers {
  readonly b1: number;
  readonly b2: number;
  readonly eps: number;
  readonly epsRoot: number;
  /** What the mean and the gradient weigh in the direction. */
  readonly mean: number;
  readonly gradient: number;
  /** The bias correction of the mean of squares, which is divided by it. */
  readonly correction: number;
}

/** A parameter p becomes `p + factor * (direction + share * p)`. */
export interface Finish {
  readonly factor: number;
  readonly share: number;
}

/**
 * Adam as a kernel: from gradient, mean and mean of squares to direction, mean and mean of squares.
 * With `finish`, the first input is the parameter, and the first output what becomes of it.
 */
export function adamKernel(numbers: AdamNumbers, finish?: Finish): ElementKernel {
  const { b1, b2, eps, epsRoot, mean, gradient, correction } = numbers;
  const scalars = [b1, 1 - b1, b2, 1 - b2, mean, gradient, 1 / correction, epsRoot, eps];
  if (!finish) return { module: adamModule, name: "direction", scalars };
  const { factor, share } = finish;
  // Without decay, parameters that are not finite do not matter to the direction.
  if (share === 0) return { module: adamModule, name: "step", scalars: [...scalars, factor] };
  return { module: adamModule, name: "decayed", scalars: [...scalars, factor, share] };
}
