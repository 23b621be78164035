/** @file The focal loss. */
import { registerFunction } from "@nnxjs/nnx-core";
import {
  add,
  broadcastTo,
  exp,
  mul,
  neg,
  type Operand,
  softplus,
  stack,
  sub,
  type Tensor,
} from "@nnxjs/kernels/internal";
import { logsumexp } from "@nnxjs/layers";
import { checkGiven, type OptionChecks, orNull } from "@nnxjs/layers/internal";
import { comparedShape, numeric } from "./arguments.ts";
import { binaryCrossEntropy, binaryLabels } from "./binary.ts";

/** Options of {@link sigmoidFocalLoss}. */
export interface SigmoidFocalLossOptions {
  /** What a yes weighs, in `(0, 1)`; a no weighs the rest. @defaultValue both weigh 1 */
  alpha?: Operand | null;
  /** The power that the probability of the wrong answer is raised to. @defaultValue 2 */
  gamma?: Operand;
}

const FOCAL: OptionChecks<SigmoidFocalLossOptions> = { alpha: orNull(numeric), gamma: numeric };

/**
 * The binary cross entropy times `(1 - p)^gamma`, with p the probability of the right answer:
 * examples that are easy count for little.
 * @param logits - Any shape, float32.
 * @param labels - 0, 1 or a probability, broadcast with the logits.
 * @returns the shape that both broadcast to.
 * @throws NnxError when shapes do not fit, or logits are not float32.
 * @see `optax.sigmoid_focal_loss`; Lin et al. 2017, https://arxiv.org/abs/1708.02002
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.sigmoidFocalLoss(tf.zeros([3]), tf.ones([3])).shape; // => [3]
 * ```
 */
export function sigmoidFocalLoss(
  logits: Tensor,
  labels: Tensor,
  options: SigmoidFocalLossOptions = {},
): Tensor {
  const where = "sigmoidFocalLoss";
  checkGiven(where, options, FOCAL);
  const { alpha = null, gamma = 2 } = options;
  const shares = binaryLabels(where, logits, labels);
  // Logits and labels in the shape of both, for they are stacked.
  const shape = comparedShape(where, ["logits", "labels"], logits, shares);
  const [x, yes] = [broadcastTo(logits, shape), broadcastTo(shares, shape)];
  const no = sub(1, yes);
  const logWrong = logsumexp(stack([neg(softplus(neg(x))), neg(softplus(x))], -1), {
    axis: -1,
    b: stack([no, yes], -1),
  });
  const loss = mul(binaryCrossEntropy(x, yes), exp(mul(gamma, logWrong)));
  return alpha === null ? loss : mul(add(mul(alpha, yes), mul(sub(1, alpha), no)), loss);
}

registerFunction("sigmoidFocalLoss", sigmoidFocalLoss);
