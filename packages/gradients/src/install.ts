/** @file Putting the rules into tensorflow.js's registry, and taking them out again. */
import {
  getGradient,
  getKernel,
  type KernelConfig,
  registerGradient,
  registerKernel,
  unregisterGradient,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { allRules } from "./all-rules.ts";
import type { GradientRule } from "./rule.ts";
import { wasmKernels } from "./wasm-kernels.ts";

/** What was registered before, per kernel that has one of our rules; undefined where there was nothing. */
const replaced = new Map<string, GradientRule | undefined>();

/** The kernels that we registered where a backend had none. */
const added = new Set<KernelConfig>();

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
 * @param rules - One or more of the tables of this package, e.g. `matmulRules`, or your own.
 * @example
 * ```ts
 * import { elementwiseBinaryRules, elementwiseUnaryRules, matmulRules, reduceRules, registerRules } from "@nnxjs/gradients";
 *
 * registerRules([...matmulRules, ...elementwiseBinaryRules, ...elementwiseUnaryRules, ...reduceRules]);
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

/**
 * Registers every rule of this package. Idempotent; quiet; stock rules that are registered are replaced and remembered. Rules that
 * others register afterwards win, until this is called again. Also gives the wasm backend the kernels it lacks and that
 * `tf.fused.conv2d`, `tf.fused.depthwiseConv2d`, `tf.einsum` and `tf.unsortedSegmentSum` call, made of kernels it has.
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
  for (const kernel of wasmKernels) {
    // Typed as always there; it is undefined where nothing is registered.
    const present = getKernel(kernel.kernelName, kernel.backendName) as KernelConfig | undefined;
    if (present !== undefined) continue;
    registerKernel(kernel);
    added.add(kernel);
  }
}

/** Gives back what was registered before {@link installGradients} or {@link registerRules}; does nothing if neither was called. */
export function uninstallGradients(): void {
  for (const [kernelName, before] of replaced) put(kernelName, before);
  replaced.clear();
  for (const kernel of added) {
    if (getKernel(kernel.kernelName, kernel.backendName) === kernel) {
      unregisterKernel(kernel.kernelName, kernel.backendName);
    }
  }
  added.clear();
}
