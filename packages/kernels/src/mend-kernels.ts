/** @file Putting kernels of ours into tensorflow.js's registry, and taking them out again. */
import {
  getBackend,
  getKernel,
  type KernelConfig,
  registerKernel,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { allMends } from "./mends/all-mends.ts";
import { wasmKernels } from "./mends/composed.ts";
import { ownKernels } from "./own-kernels.ts";

/**
 * The kernels of ours that are registered, and what was there before; undefined where a backend had
 * none.
 */
const ours = new Map<KernelConfig, KernelConfig | undefined>();

/** The backend for which kernels were last looked at; undefined before and after. */
let lookedAt: string | undefined;

/**
 * Another copy of this package may have put a kernel around the stock one: ours goes around the
 * same.
 */
const STOCK = Symbol.for("@nnxjs/kernels stock kernel");
type Replacement = KernelConfig & { readonly [STOCK]?: KernelConfig };

/** Typed as always there; it is undefined where nothing is registered. */
const present = (kernelName: string, backendName: string): Replacement | undefined =>
  getKernel(kernelName, backendName);

/** Registers a kernel over another one. Taking that one out first avoids a warning. */
function replace(kernel: Replacement, before: KernelConfig | undefined): void {
  if (before) unregisterKernel(before.kernelName, before.backendName);
  registerKernel(kernel);
  ours.set(kernel, before);
}

/**
 * Puts kernels of ours in place of those that are wrong on the cpu and the wasm backend of
 * tensorflow.js (which they call for the rest), and gives wasm some that it lacks: those that
 * `tf.fused.conv2d`, `tf.fused.depthwiseConv2d`, `tf.einsum` and `tf.unsortedSegmentSum` call.
 * Idempotent, quiet, and cheap to call again. {@link restoreKernels} gives the others back.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { mendKernels } from "@nnxjs/kernels";
 *
 * mendKernels();
 * tf.maxPool(tf.tensor4d([1, Number.NaN, 2, 3], [1, 2, 2, 1]), 2, 1, "valid").dataSync(); // [NaN]; cpu's own kernel gives 3
 * ```
 */
export function mendKernels(): void {
  // A backend registers its kernels when it is loaded, and so before it is chosen.
  const backend = getBackend();
  if (lookedAt === backend) return;
  lookedAt = backend;
  for (const { kernelName, backends, around } of allMends) {
    for (const backendName of backends) {
      const before = present(kernelName, backendName);
      if (!before || ours.has(before)) continue;
      const stock = before[STOCK] ?? before;
      replace({ ...stock, kernelFunc: around(stock.kernelFunc), [STOCK]: stock }, before);
    }
  }
  for (const kernel of [...wasmKernels, ...ownKernels]) {
    if (!present(kernel.kernelName, kernel.backendName)) replace(kernel, undefined);
  }
}

/**
 * Gives back the kernels that were registered before {@link mendKernels}; does nothing if it was
 * not called.
 */
export function restoreKernels(): void {
  for (const [kernel, before] of ours) {
    if (present(kernel.kernelName, kernel.backendName) !== kernel) continue;
    unregisterKernel(kernel.kernelName, kernel.backendName);
    if (before) registerKernel(before);
  }
  ours.clear();
  lookedAt = undefined;
}
