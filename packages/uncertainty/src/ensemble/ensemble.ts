/** @file Several models with separate initial values and separate training. */
import { isTensor, stack, type Tensor } from "@nnxjs/kernels/internal";
import { registerModule, Module, NnxError } from "@nnxjs/nnx-core";
import { checkOptions, copyGraph, describe } from "@nnxjs/nnx-core/internal";
import { Rngs } from "@nnxjs/rnglib";
import { checkMembers } from "./batch-ensemble-linear.ts";
import { type InitParam, reinitialize } from "./reinitialize.ts";

/** A module that can be a member. One that returns a mean and a variance is sampled by `call`. */
export interface Member {
  forward(...args: never[]): unknown;
}

/**
 * Models of the same kind whose outputs are compared. Train each on its own, or all with one loss
 * over the stacked outputs.
 * @see Lakshminarayanan et al. 2017, https://arxiv.org/abs/1612.01474
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const members = [0, 1, 2].map((seed) => new nnx.Linear(4, 3, { rngs: new nnx.Rngs(seed) }));
 * new nnx.Ensemble(members).forward(tf.ones([2, 4])).shape; // => [3, 2, 3]
 * ```
 */
export class Ensemble<M extends Member> extends Module {
  readonly members: readonly M[];

  /** @throws NnxError when `members` is empty. */
  constructor(members: readonly M[]) {
    super();
    if (!Array.isArray(members) || members.length === 0) {
      throw new NnxError(
        `Ensemble: expected a list of at least one member, got ${describe(members)}. Pass [model, ...].`,
      );
    }
    this.members = [...members];
  }

  /**
   * @returns The outputs of all members, `[members, ...output]`. As probabilities, they are samples
   * for the decompositions.
   * @throws NnxError when a member returns no tensor.
   */
  forward(...args: Parameters<M["forward"]>): Tensor {
    return stack(
      this.members.map((member) => {
        const output = member.forward(...(args as never[]));
        if (isTensor(output)) return output;
        throw new NnxError(
          `Ensemble.forward: expected members that return a tensor, got ${describe(output)}. Call each of the members, or sampleMembers with { call }.`,
        );
      }),
    );
  }
}

/** Options of {@link ensemble}. */
export interface EnsembleOptions {
  /** Each member draws from its own fork. The `params` (or default) stream gives the weights. */
  rngs: Rngs;
  /** Draws Params whose layer has no initializer for them. */
  init?: InitParam;
}

/**
 * `n` models with the structure of `model`, each with its own initial values. Train them before
 * use: copies of a trained model would all predict the same.
 * @param model - A model, or a function that builds a member from its Rngs. A model is copied, and
 * the copies draw new values with their layers' initializers. It stays unchanged, and its weights
 * do not matter.
 * @throws RangeError when `n` is not a positive integer, NnxError for a Param without an
 * initializer.
 * @see Lakshminarayanan et al. 2017, https://arxiv.org/abs/1612.01474; probly's `ensemble`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const members = nnx.ensemble(model, 5, { rngs: new nnx.Rngs(1) });
 * members.forward(tf.ones([2, 4])); // [5, 2, 3]
 * ```
 */
export function ensemble<M extends Member & object>(
  model: M | ((rngs: Rngs) => M),
  n: number,
  options: EnsembleOptions,
): Ensemble<M> {
  checkOptions("ensemble", options, { rngs: true, init: true });
  checkMembers("ensemble", n);
  // A caller in JavaScript may leave the options out.
  const { rngs, init } = (options as Partial<EnsembleOptions> | undefined) ?? {};
  if (!(rngs instanceof Rngs)) {
    throw new TypeError(
      `ensemble: expected rngs to be Rngs, got ${describe(rngs)}. Pass { rngs: new Rngs(0) }.`,
    );
  }
  if (init !== undefined && typeof init !== "function") {
    throw new TypeError(
      `ensemble: expected init to be a function, got ${describe(init)}. Pass (path, param, key) => tensor.`,
    );
  }
  const build =
    typeof model === "function"
      ? model
      : (streams: Rngs): M => {
          const { copy } = copyGraph(model, { order: "defined" });
          reinitialize("ensemble", copy, streams, init);
          return copy;
        };
  return new Ensemble(Array.from({ length: n }, () => build(rngs.fork())));
}

registerModule("Ensemble", Ensemble);
