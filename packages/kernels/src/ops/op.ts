/** @file Wraps an op of tensorflow.js so that the kernels below it are mended first. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { mendKernels } from "../mend-kernels.ts";

/** An operand of most ops. A number becomes a float32 scalar. */
export type Operand = Tensor | number;

/**
 * An op on mended kernels. The stock kernels lose NaN, are wrong above six axes, or read outside
 * their operands.
 */
export const op = <F extends (...args: never[]) => unknown>(run: F): F =>
  ((...args) => {
    mendKernels();
    return run(...args);
    // `run` gets the same arguments and its result is returned, so the wrapper has its type.
  }) as F;
