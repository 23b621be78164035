/** @file Labels that are numbers of classes. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import {
  cast,
  fuse,
  greaterEqual,
  less,
  logicalAnd,
  scalar,
  type Tensor,
  where as select,
} from "@nnxjs/kernels/internal";
import { shapeText } from "@nnxjs/layers/internal";

/** @throws NnxError unless they are int32, in this shape. */
export function checkLabelShape(where: string, labels: Tensor, shape: readonly number[]): void {
  checkTensor(where, "labels", labels);
  if (labels.dtype !== "int32") {
    throw new NnxError(
      `${where}: expected int32 labels, got ${describe(labels)}. Make them with tf.tensor1d(labels, "int32"), or cast.`,
    );
  }
  if (labels.rank === shape.length && labels.shape.every((size, axis) => size === shape[axis])) return;
  throw new NnxError(
    `${where}: expected labels of shape ${shapeText(shape)}, got ${describe(labels)}. ` +
      "There is one label for each example: the shape of the scores without their classes.",
  );
}

/**
 * Labels that name a class, where their values are within reach without waiting for a device.
 * @param counted - One for each label; those of 0 may be anything.
 * @throws NnxError for one outside `[0, classes)`.
 */
export function checkLabels(where: string, labels: Tensor, classes: number, counted?: Tensor): void {
  const values = counted ? [cast(labels, "float32"), counted] : [cast(labels, "float32")];
  fuse(values, [], ([all, counts]) => {
    const labelled = all as Float32Array;
    for (let at = 0; at < labelled.length; at++) {
      const label = labelled[at] as number;
      if ((label >= 0 && label < classes) || counts?.[at] === 0) continue;
      throw new NnxError(
        `${where}: expected labels from 0 to ${classes - 1}, got ${label} at position ${at}. ` +
          "Leave out what has no label with { where }, where the loss has it, or multiply its loss by 0 under a label of 0.",
      );
    }
  });
}

/**
 * The losses of examples with NaN where the label names no class: what {@link checkLabels} cannot
 * see does not pass as a loss.
 */
export const nanOutside = (losses: Tensor, labels: Tensor, classes: number): Tensor => {
  const isThere = logicalAnd(
    greaterEqual(labels, scalar(0, "int32")),
    less(labels, scalar(classes, "int32")),
  );
  return select(isThere, losses, scalar(Number.NaN));
};
