/** @file Fast parameters that explore, and slow ones that follow. */
import { add, mul, sub, zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory, StructureError } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { checkFinite, checkSteps } from "../../checks.ts";
import { haveSamePaths } from "../../tree/select.ts";
import { checkAlike, mapTree, type Tree } from "../../tree/tree.ts";
import { variablesOf, withVariables } from "../../tree/variables.ts";
import {
  checkTransformation,
  type GradientTransformation,
  type TransformationState,
} from "../transformation.ts";

/** Options of {@link lookahead}. */
export interface LookaheadOptions {
  /** Let the fast optimizer forget when parameters meet. @defaultValue false */
  resetState?: boolean;
}

type LookaheadState = {
  readonly fastState: TransformationState;
  /** Steps since fast and slow parameters were the same. */
  readonly stepsSinceSync: number;
};

/**
 * Steps of an optimizer on fast parameters; every `syncPeriod` steps slow ones follow, and the fast
 * ones go back to them. The parameters are `{ fast, slow }`: two models of one kind. Gradients are
 * those of the fast ones, given as such or as `{ fast, slow }`, of which `slow` does not count.
 * Train with `fast`, test with `slow`. Last in a chain.
 * @param fastOptimizer - Such as `adam(1e-3)`.
 * @param syncPeriod - Steps between two meetings.
 * @param slowStepSize - How far the slow ones go towards the fast ones, a share.
 * @throws StructureError for what is no transformation, and for parameters that are not
 * `{ fast, slow }`; RangeError for numbers that cannot be.
 * @see `optax.lookahead`; Zhang et al. 2019, https://arxiv.org/abs/1907.08610
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const fast = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const models = { fast, slow: nnx.clone(fast) };
 * const optimizer = new nnx.Optimizer(models, nnx.lookahead(nnx.sgd(0.1), 5, 0.5));
 * const grads = nnx.grad((m: nnx.Linear) => tf.sum(m.forward(tf.ones([1, 2]))))(fast);
 * optimizer.update(models, { fast: grads, slow: grads });
 * ```
 */
export const lookahead: (
  fastOptimizer: GradientTransformation,
  syncPeriod: number,
  slowStepSize: number,
  options?: LookaheadOptions,
) => GradientTransformation<LookaheadState> = registerFactory(
  "tx.lookahead",
  (fastOptimizer, syncPeriod, slowStepSize, options = {}) => {
    checkTransformation("lookahead", fastOptimizer);
    checkSteps("lookahead", "syncPeriod", syncPeriod);
    checkFinite("lookahead", "slowStepSize", slowStepSize);
    checkOptions<LookaheadOptions>("lookahead", options, { resetState: true });
    const { resetState = false } = options;
    return {
      init: (params) => ({ fastState: fastOptimizer.init(partsOf(params).fast), stepsSinceSync: 0 }),
      update: (given, state, params, extra) => {
        const { fast, slow } = partsOf(params);
        const gradients = haveSamePaths(fast, given) ? given : partsOf(given).fast;
        const [updates, after] = fastOptimizer.update(gradients, state.fastState, fast, extra);
        checkAlike("lookahead", { fast, updates, slow });
        const stepsSinceSync = (state.stepsSinceSync + 1) % syncPeriod;
        if (stepsSinceSync > 0) {
          const still = mapTree(zerosLike, slow);
          return [
            { fast: updates, slow: still },
            { fastState: after, stepsSinceSync },
          ];
        }
        const ahead = mapTree((f, u, s) => sub(add(f, u), s), fast, updates, slow);
        const next = {
          fast: mapTree((u, d) => sub(u, mul(d, 1 - slowStepSize)), updates, ahead),
          slow: mapTree((d) => mul(d, slowStepSize), ahead),
        };
        return [next, { fastState: resetState ? fastOptimizer.init(fast) : after, stepsSinceSync }];
      },
    };
  },
);

interface Parts {
  readonly fast: Tree;
  readonly slow: Tree;
}

function partsOf(tree: Tree): Parts {
  const { fast, slow, ...others } = tree as unknown as Parts;
  if (typeof fast !== "object" || typeof slow !== "object" || Object.keys(others).length > 0) {
    throw new StructureError(
      `lookahead: expected { fast, slow }, got ${describe(tree)}. Make the optimizer for { fast: model, slow: nnx.clone(model) }.`,
    );
  }
  const variables = variablesOf(tree) as Parts | undefined;
  return { fast: variables ? withVariables(fast, variables.fast) : fast, slow };
}
