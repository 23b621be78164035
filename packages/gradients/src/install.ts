/** @file Putting the rules into tensorflow.js's registry, and taking them out again. */
import { mendKernels, restoreKernels } from "@nnxjs/kernels";
import { getGradient, registerGradient, unregisterGradient } from "@tensorflow/tfjs-core";
import { allRules } from "./all-rules.ts";
import { ownRules } from "./own-kernels.ts";
import type { GradientRule } from "./rule.ts";

/**
 * What was registered before, per kernel that has one of our rules; undefined where there was
 * nothing.
 */
const replaced = new Map<string, GradientRule | undefined>();

function put(kernelName: string, rule: GradientRule | undefined): void {
  // Registering over another rule warns in debug mode; taking it out first does not.
  if (getGradient(kernelName) !== undefined) unregisterGradient(kernelName);
  if (rule !== undefined) registerGradient(rule);
}

/**
 * Registers rules with tensorflow.js in place of those that are there, which
 * {@link uninstallGradients} gives back. Registering a rule a second time does nothing.
 *
 * The registry is global: every copy and every backend of tensorflow.js in the process sees the
 * rules.
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

/**
 * Registers every rule of this package, and the kernels of `@nnxjs/kernels` ({@link mendKernels}).
 * Idempotent; quiet; stock rules that are registered are replaced and remembered. Rules that others
 * register afterwards win, until this is called again.
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
  restoreKernels();
}
