/** @file Registers the rules with tensorflow.js, and restores the previous ones. */
import { mendKernels, restoreKernels } from "@nnxjs/kernels";
import { installKernels } from "@nnxjs/kernels/internal";
import { getGradient, registerGradient, unregisterGradient } from "@tensorflow/tfjs-core";
import { allRules } from "./all-rules.ts";
import { copyAttributes, keepAttributes } from "./attributes.ts";
import { ownRules } from "./own-kernels.ts";
import type { GradientRule } from "./rule.ts";

/** The rule that each of ours replaced, by kernel; undefined where there was none. */
const replaced = new Map<string, GradientRule | undefined>();

/**
 * What all copies of this package know: which rules are theirs, and which others these replaced. A
 * copy that replaces a rule of another one must not bring that back, for it may be given up by then.
 */
interface Known {
  readonly owned: WeakSet<GradientRule>;
  readonly others: Map<string, GradientRule | undefined>;
}
const KNOWN = Symbol.for("@nnxjs/gradients rules");
const global = globalThis as { [KNOWN]?: Known };
const known = (): Known => (global[KNOWN] ??= { owned: new WeakSet(), others: new Map() });

/**
 * `getGradient` is typed as if every kernel had a rule. It returns undefined where none is
 * registered.
 */
const present = (kernelName: string): GradientRule | undefined => getGradient(kernelName);

function put(kernelName: string, rule: GradientRule | undefined): void {
  // Registering over another rule warns in debug mode. Unregistering the other rule first does not.
  if (present(kernelName)) unregisterGradient(kernelName);
  if (rule !== undefined) registerGradient(rule);
}

/**
 * Registers rules with tensorflow.js, in place of those that are registered. {@link
 * uninstallGradients} restores the previous ones. Registering a rule a second time does nothing.
 *
 * The registry is global: every copy and every backend of tensorflow.js in the process uses the
 * rules.
 * @param rules - Rules for kernels that have none, or replacements.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { registerRules, uninstallGradients } from "@nnxjs/gradients";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * // Rounds in the forward pass, and passes gradients on unchanged.
 * const gradFunc = (dy: tf.Tensor | tf.Tensor[]) => ({ x: () => (dy as tf.Tensor).clone() });
 * registerRules([{ kernelName: "Round", gradFunc }]);
 * tf.grad((x) => tf.round(x))(tf.tensor1d([0.2, 1.7])).dataSync(); // [1, 1]
 * uninstallGradients();
 * ```
 */
export function registerRules(rules: readonly GradientRule[]): void {
  for (const rule of rules) {
    const { kernelName } = rule;
    const before = present(kernelName);
    if (before === rule) continue;
    const { owned, others } = known();
    if (!before || !owned.has(before)) others.set(kernelName, before);
    owned.add(rule);
    if (!replaced.has(kernelName)) replaced.set(kernelName, others.get(kernelName));
    put(kernelName, rule);
  }
}

/**
 * Registers every rule of this package and the kernels of `@nnxjs/kernels` ({@link mendKernels}).
 * Calling it again changes nothing, and it prints nothing. It remembers the stock rules that it
 * replaces. A rule that someone registers later takes precedence until the next call.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { installGradients } from "@nnxjs/gradients";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * installGradients();
 * const slope = tf.grad((x) => tf.sum(tf.relu(x)));
 * slope(tf.tensor1d([-1, 2])).dataSync(); // [0, 1]
 * ```
 */
export function installGradients(): void {
  mendKernels();
  installRules();
}

/**
 * Registers every rule, what mends wrong kernels, and the quicker kernels that the program uses. In a
 * bundle, these are the kernels of what it imports; {@link installGradients} registers all.
 */
export function installRules(): void {
  registerRules(allRules);
  registerRules(ownRules);
  copyAttributes();
  installKernels();
}

/**
 * Restores the rules and kernels that {@link installGradients}, {@link mendKernels} or {@link
 * registerRules} replaced. Does nothing if none of them was called.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { installGradients, uninstallGradients } from "@nnxjs/gradients";
 *
 * installGradients(); // nnx.grad does this
 * uninstallGradients(); // tensorflow.js has its own rules again
 * ```
 */
export function uninstallGradients(): void {
  for (const [kernelName, before] of replaced) put(kernelName, before);
  replaced.clear();
  keepAttributes();
  restoreKernels();
}
