/** @file Pairs of tensors with few axes, for programs of up to four. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { fold } from "../../fold.ts";
import { sizeOf } from "../../shape.ts";
import { reshaped } from "../../mend.ts";

/**
 * Two tensors of up to four axes, of as many each, with the same elements in the same order.
 * @param shape - Their broadcast shape.
 */
export function foldedTo4(
  a: TensorInfo,
  b: TensorInfo,
  shape: readonly number[],
): { a: Tensor; b: Tensor; shape: number[] } {
  const folded = fold(a.shape, b.shape);
  const [x, y] =
    folded.axes.length <= 4
      ? [reshaped(a, folded.a), reshaped(b, folded.b)]
      : [a, b].map((each) => reshaped(tf.broadcastTo(each as Tensor, [...shape]), [sizeOf(shape)]));
  return { a: x!, b: y!, shape: tf.backend_util.assertAndGetBroadcastShape(x!.shape, y!.shape) };
}
