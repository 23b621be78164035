/** @file Losses made of a function that generalises the maximum. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkFunction, checkTensor, describe } from "@nnxjs/nnx-core/internal";
import {
  isTensor,
  mul,
  reshape,
  stack,
  sub,
  sum,
  type Tensor,
  unstack,
  zeros,
} from "@nnxjs/kernels/internal";
import { checkGiven, flag, type OptionChecks } from "@nnxjs/layers/internal";
import { comparedShape, checkFloats, checkHasAxes, floatsOf } from "./arguments.ts";

/** Options of {@link makeFenchelYoungLoss}. */
export interface FenchelYoungOptions {
  /**
   * The function takes all rows at once, `[..., n]` to `[...]`, rather than one row `[n]` at a time.
   * @defaultValue false
   */
  batched?: boolean;
}

const OPTIONS: OptionChecks<FenchelYoungOptions> = { batched: flag };

/** A loss of scores and targets `[..., n]`, with whatever else the function takes. */
export type FenchelYoungLoss<A extends readonly unknown[]> = (
  scores: Tensor,
  targets: Tensor,
  ...args: A
) => Tensor;

/**
 * The loss `maxFun(scores) - sum(targets * scores)`, whose gradient is that of `maxFun` less the
 * targets. With `nnx.logsumexp` it is the cross entropy of the softmax, up to the targets' entropy.
 * @param maxFun - A row `[n]` of scores to a scalar; further arguments of the loss are passed on.
 * @returns a function of scores and targets `[..., n]`, which broadcast, to `[...]`.
 * @throws NnxError for what is no function, and in a call when shapes do not fit or `maxFun` returns
 * another shape.
 * @see `optax.losses.make_fenchel_young_loss`; Blondel et al. 2020,
 * https://arxiv.org/abs/1901.02324
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const loss = nnx.makeFenchelYoungLoss((row) => nnx.logsumexp(row));
 * loss(tf.tensor2d([[1, 2, 3]]), tf.tensor2d([[0, 0, 1]])).dataSync(); // [0.4076]
 * ```
 */
export function makeFenchelYoungLoss<A extends readonly unknown[] = []>(
  maxFun: (scores: Tensor, ...args: A) => Tensor,
  options: FenchelYoungOptions = {},
): FenchelYoungLoss<A> {
  const where = "makeFenchelYoungLoss";
  checkFunction(where, maxFun);
  checkGiven(where, options, OPTIONS);
  const { batched = false } = options;
  const checked = (result: unknown, shape: readonly number[]): Tensor => {
    if (isTensor(result) && String(result.shape) === String(shape)) return result;
    throw new NnxError(
      `${where}: expected maxFun to return a tensor of shape [${shape.join(", ")}], got ${describe(result)}. ` +
        "It takes the scores of one row, or of all with { batched: true }, and reduces the last axis.",
    );
  };
  return (scores, targets, ...args) => {
    checkTensor("fenchelYoungLoss", "targets", targets);
    checkFloats("fenchelYoungLoss", "scores", scores);
    checkHasAxes("fenchelYoungLoss", "scores", scores);
    const shares = floatsOf("fenchelYoungLoss", "targets", targets);
    comparedShape("fenchelYoungLoss", ["scores", "targets"], scores, shares);
    const leading = scores.shape.slice(0, -1);
    const largest = (): Tensor => {
      if (batched) return checked(maxFun(scores, ...args), leading);
      const rows = scores.size === 0 ? [] : unstack(reshape(scores, [-1, scores.shape.at(-1) as number]));
      if (rows.length === 0) return zeros(leading);
      return reshape(stack(rows.map((row) => checked(maxFun(row, ...args), []))), leading);
    };
    return sub(largest(), sum(mul(shares, scores), -1));
  };
}
