/** @file Wraps an op of tensorflow.js so that the kernels below it are registered first. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { installKernels, useKernels } from "../registry.ts";
import type { Topic } from "../topics/topic.ts";

/** An operand of most ops. A number becomes a float32 scalar. */
export type Operand = Tensor | number;

/**
 * An op on mended kernels. The stock kernels lose NaN, are wrong above six axes, or read outside
 * their operands.
 * @param topic - What the op needs beside the core.
 */
export const op = <F extends (...args: never[]) => unknown>(run: F, topic?: Topic): F =>
  ((...args) => {
    if (topic) useKernels(topic);
    installKernels();
    return run(...args);
    // `run` gets the same arguments and its result is returned, so the wrapper has its type.
  }) as F;
