/** @file Putting the rules into tensorflow.js's registry, and taking them out again. */
import {
  getBackend,
  getGradient,
  getKernel,
  type KernelConfig,
  registerGradient,
  registerKernel,
  unregisterGradient,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { allRules } from "./all-rules.ts";
import { allMends } from "./kernels/all-mends.ts";
import { wasmKernels } from "./kernels/composed.ts";
import { ownKernels, ownRules } from "./kernels/own.ts";
import type { GradientRule } from "./rule.ts";

/** What was registered before, per kernel that has one of our rules; undefined where there was nothing. */
const replaced = new Map<string, GradientRule | undefined>();

/**
 * The kernels of ours that are registered, and what was there before; undefined where a backend had
 * none.
 */
const ours = new Map<KernelConfig, KernelConfig | undefined>();

/** The backend for which kernels were last looked at; null for none. */
let lookedAt: string | null = null;

/**
 * Another copy of this package may have put a kernel around the stock one: ours goes around the
 * same.
 */
const STOCK = Symbol.for("@nnxjs/gradients stock kernel");
type Replacement = KernelConfig & { readonly [STOCK]?: KernelConfig };

/** Typed as always there; it is undefined where nothing is registered. */
const present = (kernelName: string, backendName: string): Replacement | undefined =>
  getKernel(kernelName, backendName) as Replacement | undefined;

function put(kernelName: string, rule: GradientRule | undefined): void {
  // Registering over another rule warns in debug mode; taking it out first does not.
  if (getGradient(kernelName) !== undefined) unregisterGradient(kernelName);
  if (rule !== undefined) registerGradient(rule);
}

/**
 * Registers rules with tensorflow.js in place of those that are there, which {@link uninstallGradients} gives back. Registering
 * a rule a second time does nothing.
 *
 * The registry is global: every copy and every backend of tensorflow.js in the process sees the rules.
 * @param rules - Your own, for kernels without a rule or in place of one.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { registerRules, uninstallGradients } from "@nnxjs/gradients";
 *
 * // Rounds forwards, and lets gradients pass as they are.
 * registerRules([{ kernelName: "Round", gradFunc: (dy) => ({ x: () => (dy as tf.Tensor).clone() }) }]);
 * tf.grad((x) => tf.round(x))(tf.tensor1d([0.2, 1.7])).dataSync(); // [1, 1]
 * uninstallGradients();
 * ```
 */
export function registerRules(rules: readonly GradientRule[]): void {
  for (const rule of rules) {
    const { kernelName } = rule;
    const present = getGradient(kernelName) as GradientRule | undefined;
    if (present === rule) continue;
    if (!replaced.has(kernelName)) replaced.set(kernelName, present);
    put(kernelName, rule);
  }
}

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
 * Idempotent, quiet, and cheap to call again, as is due after another backend was loaded. {@link
 * installGradients} calls it; {@link uninstallGradients} gives the others back.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { mendKernels } from "@nnxjs/gradients";
 *
 * mendKernels();
 * tf.maxPool(tf.tensor4d([1, Number.NaN, 2, 3], [1, 2, 2, 1]), 2, 1, "valid").dataSync(); // [NaN]
 * ```
 */
export function mendKernels(): void {
  // A backend registers its kernels when it is loaded, and so before it is chosen. Typed as always
  // there; it is undefined until one is.
  const backend = (getBackend() as string | undefined) ?? "";
  if (lookedAt === backend) return;
  lookedAt = backend;
  for (const { kernelName, backends, around } of allMends) {
    for (const backendName of backends) {
      const before = present(kernelName, backendName);
      if (!before || ours.has(before)) continue;
      const stock = before[STOCK] ?? before;
      replace({ ...stock, kernelFunc: around(stock.kernelFunc), [STOCK]: stock } as Replacement, before);
    }
  }
  for (const kernel of [...wasmKernels, ...ownKernels]) {
    if (!present(kernel.kernelName, kernel.backendName)) replace(kernel, undefined);
  }
}

/**
 * Registers every rule of this package, and its kernels ({@link mendKernels}). Idempotent; quiet;
 * stock rules that are registered are replaced and remembered. Rules that others register
 * afterwards win, until this is called again.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { installGradients } from "@nnxjs/gradients";
 *
 * installGradients();
 * const slope = tf.grad((x) => tf.sum(tf.relu(x)));
 * slope(tf.tensor1d([-1, 2])).dataSync(); // [0, 1]
 * ```
 */
export function installGradients(): void {
  registerRules(allRules);
  registerRules(ownRules);
  mendKernels();
}

/**
 * Gives back what was registered before {@link installGradients}, {@link mendKernels} or {@link
 * registerRules}; does nothing if none was called.
 */
export function uninstallGradients(): void {
  for (const [kernelName, before] of replaced) put(kernelName, before);
  replaced.clear();
  for (const [kernel, before] of ours) {
    if (present(kernel.kernelName, kernel.backendName) !== kernel) continue;
    unregisterKernel(kernel.kernelName, kernel.backendName);
    if (before) registerKernel(before);
  }
  ours.clear();
  lookedAt = null;
}
