/** @file Softmax and its logarithm along last axes, and the cross entropies of rows. */
import {
  entropyBackOf,
  isRecording,
  labelEntropyBackOf,
  logSoftmaxBackOf,
  logSoftmaxOf,
  logSumExpBackOf,
  oneHotRows,
  softmaxKernelNames as names,
  softmaxBackOf,
} from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { SoftmaxAttrs, Tensor } from "@tensorflow/tfjs-core";
import { type GradientRule, rule } from "./rule.ts";
import { zero } from "./zero.ts";

interface RowAttrs {
  readonly length: number;
}

/**
 * What a kernel computes; what ops compute where there is none, and while a gradient is being
 * differentiated, which must be on the tape.
 */
const quickly = (kernel: () => Tensor | undefined, ops: () => Tensor): Tensor =>
  (isRecording() ? undefined : kernel()) ?? ops();

const asRows = (x: Tensor, length: number): Tensor => tf.reshape(x, [x.size / length, length]);
const asColumn = (x: Tensor): Tensor => tf.reshape(x, [x.size, 1]);

/** The gradient of a softmax y along the last axis. */
const softmaxBack = (dy: Tensor, y: Tensor): Tensor =>
  quickly(
    () => softmaxBackOf(y, dy, y.shape.at(-1) ?? 1),
    () => tf.mul(y, tf.sub(dy, tf.sum(tf.mul(dy, y), -1, true))),
  );

/** The gradient of a log-softmax y along the last axis. */
export const logSoftmaxBack = (dy: Tensor, y: Tensor): Tensor =>
  quickly(
    () => logSoftmaxBackOf(y, dy, y.shape.at(-1) ?? 1),
    () => tf.sub(dy, tf.mul(tf.sum(dy, -1, true), tf.exp(y))),
  );

const softmax: GradientRule = rule<SoftmaxAttrs>("Softmax")({
  inputs: ["logits"],
  saveOutput: 0,
  // tensorflow.js takes no axis but the last.
  backward: (dy, { output: y }) => ({ logits: () => softmaxBack(dy, y) }),
});

const logSoftmax: GradientRule = rule<RowAttrs>(names.logSoftmax)({
  inputs: ["logits"],
  saveOutput: 0,
  backward: (dy, { output: y, attrs: { length } }) => ({
    logits: () =>
      quickly(
        () => logSoftmaxBackOf(y, dy, length),
        () => tf.reshape(logSoftmaxBack(asRows(dy, length), asRows(y, length)), y.shape),
      ),
  }),
});

const logSumExp: GradientRule = rule<RowAttrs>(names.logSumExp)({
  inputs: ["x"],
  save: ["x"],
  backward: (dy, { saved: { x }, attrs: { length } }) => ({
    x: () =>
      quickly(
        () => logSumExpBackOf(x, dy, length),
        () => tf.reshape(tf.mul(tf.softmax(asRows(x, length)), asColumn(dy)), x.shape),
      ),
  }),
});

const labelEntropy: GradientRule = rule(names.labelEntropy)({
  inputs: ["logits", "ids"],
  save: ["logits", "ids"],
  backward: (dy, { shapes, saved: { logits, ids } }) => ({
    logits: () =>
      quickly(
        () => labelEntropyBackOf(logits, ids, dy),
        () => {
          const right = oneHotRows(ids, logits.shape[1]!);
          return tf.mul(tf.sub(tf.softmax(logits), right), asColumn(dy));
        },
      ),
    ids: () => zero(shapes.ids),
  }),
});

const entropy: GradientRule = rule<RowAttrs>(names.entropy)({
  inputs: ["logits", "labels"],
  save: ["logits", "labels"],
  backward: (dy, { saved: { logits, labels }, attrs: { length } }) => ({
    logits: () =>
      quickly(
        () => entropyBackOf(logits, labels, dy),
        () => {
          const slope = asColumn(dy);
          const total = tf.mul(tf.sum(labels, -1, true), slope);
          return tf.sub(tf.mul(tf.softmax(logits), total), tf.mul(labels, slope));
        },
      ),
    labels: () =>
      tf.neg(tf.mul(asColumn(dy), logSoftmaxOf(logits, length) ?? tf.logSoftmax(logits as tf.Tensor2D))),
  }),
});

/** Rules of the softmax family. */
export const softmaxRules: readonly GradientRule[] = [softmax];

/** Rules of kernels that tensorflow.js does not have. */
export const ownSoftmaxRules: readonly GradientRule[] = [logSoftmax, logSumExp, labelEntropy, entropy];
