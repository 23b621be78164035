/** @file Steps as long as the loss is high. */
import {
  add,
  div,
  isTensor,
  greaterEqual,
  mul,
  minimum,
  relu,
  scalar,
  sub,
  type Tensor,
  where,
} from "@nnxjs/kernels/internal";
import { registerFactory, StructureError } from "@nnxjs/nnx-core";
import { checkOptions, describe, type OptionNames } from "@nnxjs/nnx-core/internal";
import { checkFinite, checkNotNegative, checkPositive } from "../../checks.ts";
import type { Schedule } from "../../schedules/schedule.ts";
import { scaled, squaredNorm } from "../../tree/arithmetic.ts";
import { sgd } from "../rules/sgd.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link scaleByPolyak}. */
export interface PolyakOptions {
  /** The longest step. @defaultValue 1 */
  maxLearningRate?: number;
  /** The least that the loss can be. @defaultValue 0 */
  fMin?: number;
  /** Added to the sum of squares that is divided by. @defaultValue 0 */
  eps?: number;
  /**
   * Whether a loss below `fMin` turns the step around (`"sps"`) or stops it (`"sps+"`).
   * @defaultValue "sps"
   */
  variant?: "sps" | "sps+";
}

const polyakNames: OptionNames<PolyakOptions> = {
  maxLearningRate: true,
  fMin: true,
  eps: true,
  variant: true,
};

/** Below it a sum of squares counts as 0. */
const floatEps = 2 ** -52;

/**
 * Multiplies updates by `min((value - fMin) / (|updates|² + eps), maxLearningRate)`, or 0 where the
 * sum of squares is 0. Needs the loss: `optimizer.update(model, grads, { value })`.
 * @throws RangeError for options that cannot be; StructureError in a step without `value`.
 * @see `optax.scale_by_polyak`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.chain(nnx.scale(-1), nnx.scaleByPolyak()));
 * const lossFn = (m: nnx.Linear) => tf.mean(tf.square(m.forward(tf.ones([3, 2]))));
 * const [value, grads] = nnx.valueAndGrad(lossFn)(model);
 * optimizer.update(model, grads, { value });
 * nnx.dispose([value, grads]);
 * ```
 */
export const scaleByPolyak: (options?: PolyakOptions) => GradientTransformation = registerFactory(
  "tx.scaleByPolyak",
  (options = {}) => {
    checkOptions("scaleByPolyak", options, polyakNames);
    const { maxLearningRate = 1, fMin = 0, eps = 0, variant = "sps" } = options;
    checkPositive("scaleByPolyak", "maxLearningRate", maxLearningRate);
    checkFinite("scaleByPolyak", "fMin", fMin);
    checkNotNegative("scaleByPolyak", "eps", eps);
    switch (variant) {
      case "sps":
      case "sps+":
        break;
      default:
        throw new RangeError(
          `scaleByPolyak: expected variant to be "sps" or "sps+", got ${describe(variant satisfies never)}. Leave it out for "sps".`,
        );
    }
    return {
      init: () => [],
      update: (updates, state, _params, extra) => {
        const gap = sub(lossIn("scaleByPolyak", extra?.value), fMin);
        const norm = add(squaredNorm(updates), eps);
        const size = minimum(div(variant === "sps+" ? relu(gap) : gap, norm), maxLearningRate);
        const step = where(greaterEqual(scalar(floatEps), norm), scalar(0), size);
        return [scaled(updates, step), state];
      },
    };
  },
);

/** The loss that a step was given, as a scalar. */
function lossIn(where: string, value: unknown): Tensor {
  if (typeof value === "number") return scalar(value);
  if (isTensor(value) && value.size === 1) return mul(value, 1);
  throw new StructureError(
    `${where}: expected the loss as the extra argument value, got ${describe(value)}. Call optimizer.update(model, grads, { value: loss }).`,
  );
}

/** Options of {@link polyakSgd}. */
export interface PolyakSgdOptions extends PolyakOptions {
  /** Multiplies every step: a number, or a schedule of steps. @defaultValue 1 */
  scaling?: number | Schedule;
}

/**
 * Gradient descent with steps as long as the loss is high: `scaling * min((value - fMin) / (|g|² +
 * eps), maxLearningRate)`. Needs the loss, and to know the least that it can be.
 * @throws RangeError for options that cannot be; StructureError in a step without `value`.
 * @see `optax.polyak_sgd`; Loizou et al. 2021, https://arxiv.org/abs/2002.10542
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.polyakSgd());
 * const lossFn = (m: nnx.Linear) => tf.mean(tf.square(m.forward(tf.ones([3, 2]))));
 * const [value, grads] = nnx.valueAndGrad(lossFn)(model);
 * optimizer.update(model, grads, { value });
 * ```
 */
export const polyakSgd: (options?: PolyakSgdOptions) => GradientTransformation = registerFactory(
  "tx.polyakSgd",
  (options = {}) => {
    checkOptions("polyakSgd", options, { ...polyakNames, scaling: true });
    const { scaling = 1, ...polyak } = options;
    return chain(sgd(scaling), scaleByPolyak(polyak));
  },
);
