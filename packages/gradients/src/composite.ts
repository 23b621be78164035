/**
 * @file Operations that tensorflow.js differentiates by hand (`customGrad`), silently losing their
 * second derivative. The tape records such an operation under the name of its scope, and a rule
 * with that name takes precedence.
 */
import { alias, isRecording } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { GradientRule } from "./rule.ts";
import { logSoftmaxBack } from "./softmax.ts";
import { onNextNode } from "./tape.ts";
import { isZero, zero } from "./zero.ts";

/**
 * The saved log-probabilities as a function of the logits, so that they have gradients of every
 * order.
 */
function logSoftmaxOf(logits: Tensor, saved: Tensor): Tensor {
  if (!isRecording()) return saved;
  return tf.customGrad(() => ({
    value: alias(saved),
    gradFunc: (dy: Tensor) => logSoftmaxBack(dy, logSoftmaxOf(logits, saved)),
  }))(logits);
}

/** Writes the rule of an operation. `inputs` are those of the recorded call, in order. */
const operation = (
  scope: string,
  backward: (dy: Tensor, saved: readonly Tensor[], inputs: readonly Tensor[]) => readonly (() => Tensor)[],
): GradientRule => ({
  kernelName: scope,
  get gradFunc() {
    let inputs: readonly Tensor[] = [];
    onNextNode((node) => {
      inputs = Object.values(node.inputs);
    });
    return (dy: Tensor | Tensor[], saved: Tensor[]) => {
      const only = dy as Tensor;
      const thunks = backward(only, saved, inputs).map(
        (thunk, i) => [String(i), isZero(only) ? () => zero(inputs[i]!.shape) : thunk] as const,
      );
      return { ...Object.fromEntries(thunks) };
    };
  },
});

/** `tf.logSoftmax`. */
const logSoftmax = operation("logSoftmax__op", (dy, [saved], [logits]) => [
  () => logSoftmaxBack(dy, logSoftmaxOf(logits!, saved!)),
]);

/**
 * `tf.losses.softmaxCrossEntropy`: - Σ labels · logSoftmax(logits). The labels have a gradient too,
 * which is wrong in tensorflow.js.
 */
const softmaxCrossEntropy = operation("softmaxCrossEntropy__op", (dy, [labels, saved], [, logits]) => {
  const column = (): Tensor => tf.reshape(dy, [...dy.shape, 1]);
  const y = (): Tensor => logSoftmaxOf(logits!, saved!);
  return [() => tf.neg(tf.mul(column(), y())), () => logSoftmaxBack(tf.neg(tf.mul(column(), labels!)), y())];
});

/** Rules for operations that are not kernels. */
export const compositeRules: readonly GradientRule[] = [logSoftmax, softmaxCrossEntropy];
