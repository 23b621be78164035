/**
 * @file What makes an op of tensorflow.js one that is right: the kernels below it are mended first.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import { mendKernels } from "../mend-kernels.ts";

/** What most ops take: numbers become float32 scalars. */
export type Operand = Tensor | number;

/**
 * An op on kernels that are right: tensorflow.js's own lose NaN, stop at six axes, or read what is
 * not theirs.
 */
export const op = <F extends (...args: never[]) => unknown>(run: F): F =>
  ((...args) => {
    mendKernels();
    return run(...args);
    // The same arguments and the same result.
  }) as F;
