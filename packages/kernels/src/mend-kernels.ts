/** @file All kernels of this package: their list, and how to register them. */
import { missingKernels } from "./mends/composed.ts";
import { slow, wrong } from "./reasons.ts";
import { installKernels, kernelsOnDemand, restoreKernels, useKernels } from "./registry.ts";
import { allTopics } from "./topics/all-topics.ts";

export { restoreKernels };

/** A kernel of this package. */
export interface KernelEntry {
  readonly kernelName: string;
  readonly backendName: string;
  /**
   * What tensorflow.js's own kernel does wrong (`"wrong"`) or slowly (`"slow"`), or that it has none
   * of this name (`"missing"`).
   */
  readonly reason: "wrong" | "slow" | "missing";
  /** What exactly is wrong or slow, in a sentence. */
  readonly why: string;
}

/**
 * The kernels that {@link mendKernels} registers, and what each is there for. A kernel may be both
 * wrong and slow; it is then listed twice.
 * @example
 * ```ts
 * import { listKernels } from "@nnxjs/kernels";
 *
 * listKernels().filter((kernel) => kernel.reason === "slow" && kernel.backendName === "wasm");
 * ```
 */
export const listKernels = (): readonly KernelEntry[] => [
  ...(
    [
      ["wrong", wrong],
      ["slow", slow],
    ] as const
  ).flatMap(([reason, rows]) =>
    rows.flatMap(([kernelNames, backends, why]) =>
      kernelNames
        .split(" ")
        .flatMap((kernelName) =>
          backends.split(" ").map((backendName) => ({ kernelName, backendName, reason, why })),
        ),
    ),
  ),
  ...[...missingKernels, ...allTopics.flatMap(({ own }) => own?.() ?? []), ...kernelsOnDemand()].map(
    ({ kernelName, backendName }) => ({
      kernelName,
      backendName,
      reason: "missing" as const,
      why: "tensorflow.js has none.",
    }),
  ),
];

/**
 * Replaces the kernels of tensorflow.js's cpu and wasm backends that are wrong or slow. The
 * replacements call the stock kernels wherever those are as good. wasm also gets kernels that it lacks and that
 * `tf.fused.conv2d`, `tf.fused.depthwiseConv2d`, `tf.einsum` and `tf.unsortedSegmentSum` call.
 * Calling this again is cheap and changes nothing. {@link restoreKernels} undoes it.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { mendKernels } from "@nnxjs/kernels";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * mendKernels();
 * const x = tf.tensor4d([1, Number.NaN, 2, 3], [1, 2, 2, 1]);
 * tf.maxPool(x, 2, 1, "valid").dataSync(); // [NaN]; cpu's own kernel gives 3
 * ```
 */
export function mendKernels(): void {
  for (const topic of allTopics) useKernels(topic);
  installKernels();
}
