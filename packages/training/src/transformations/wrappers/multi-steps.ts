/** @file One step of an optimizer for several batches. */
import { add, div, sub, zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory, registerFunction, StructureError, Variable } from "@nnxjs/nnx-core";
import { checkFunction, checkOptions, describe, recordRecipe } from "@nnxjs/nnx-core/internal";
import { checkSteps } from "../../checks.ts";
import { checkAlike, mapTree, type Nested, type Tree } from "../../tree/tree.ts";
import type { ShouldSkipUpdateFunction } from "./skip.ts";
import {
  checkTransformation,
  type ExtraArgs,
  type GradientTransformation,
  type TransformationState,
} from "../transformation.ts";
import { isTrue } from "./truth.ts";

/** Options of {@link MultiSteps}. */
export interface MultiStepsOptions {
  /** Give the optimizer the mean of the gradients rather than their sum. @defaultValue true */
  useGradMean?: boolean;
  /** When to pass over a step, as if it had not been. @defaultValue none is passed over */
  shouldSkipUpdateFn?: ShouldSkipUpdateFunction | null;
}

/** What {@link MultiSteps} remembers. */
export type MultiStepsState = {
  /** Steps since the optimizer took one. */
  readonly miniStep: number;
  /** Steps that the optimizer took. */
  readonly gradientStep: number;
  readonly innerOptState: TransformationState;
  /** The mean or the sum of the gradients since then. */
  readonly accGrads: Tree;
  /** What `shouldSkipUpdateFn` keeps. */
  readonly skipState: TransformationState;
};

/**
 * Gathers the gradients of several steps, gives the optimizer their mean, and zeros as updates in
 * the steps between: a large batch in parts. It is itself a transformation.
 * @see `optax.MultiSteps`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const tx = new nnx.MultiSteps(nnx.adam(1e-2), 2);
 * const optimizer = new nnx.Optimizer(model, tx);
 * const lossFn = (m: nnx.Linear, x: tf.Tensor2D) => tf.mean(tf.square(m.forward(x)));
 * const changed = [1, 2, 3, 4].map((i) => {
 *   tf.tidy(() => optimizer.update(model, nnx.grad(lossFn)(model, tf.fill([4, 2], i))));
 *   return tx.hasUpdated(optimizer.optState);
 * });
 * changed; // => [false, true, false, true]
 * ```
 */
export class MultiSteps implements GradientTransformation<MultiStepsState> {
  private readonly opt: GradientTransformation;
  private readonly everyK: (gradientStep: number) => number;
  private readonly useGradMean: boolean;
  private readonly shouldSkip: ShouldSkipUpdateFunction;

  /**
   * @param opt - Such as `adam(1e-3)`.
   * @param everyKSchedule - How many steps make one of the optimizer: a number, or a function of
   * the steps that it took.
   * @throws StructureError for what is no transformation; RangeError unless there are positive
   * integers of steps.
   */
  constructor(
    opt: GradientTransformation,
    everyKSchedule: number | ((gradientStep: number) => number),
    options: MultiStepsOptions = {},
  ) {
    checkTransformation("MultiSteps", opt);
    checkOptions<MultiStepsOptions>("MultiSteps", options, { useGradMean: true, shouldSkipUpdateFn: true });
    const { useGradMean = true, shouldSkipUpdateFn } = options;
    if (typeof everyKSchedule !== "function") checkSteps("MultiSteps", "everyKSchedule", everyKSchedule);
    if (shouldSkipUpdateFn) checkFunction("MultiSteps", shouldSkipUpdateFn, "tx, k, options", "option");
    this.opt = opt;
    this.everyK = typeof everyKSchedule === "function" ? everyKSchedule : () => everyKSchedule;
    this.useGradMean = useGradMean;
    this.shouldSkip = shouldSkipUpdateFn ?? (() => [false, []]);
    const given = Object.keys(options).length > 0 ? options : undefined;
    recordRecipe(this, factoryName, [opt, everyKSchedule, given]);
  }

  /** The optimizer that takes the steps. */
  get innerOpt(): GradientTransformation {
    return this.opt;
  }

  init(params: Tree): MultiStepsState {
    const accGrads = mapTree(zerosLike, params);
    const [, skipState] = this.shouldSkip(accGrads, 0, params);
    return { miniStep: 0, gradientStep: 0, innerOptState: this.opt.init(params), accGrads, skipState };
  }

  /**
   * @throws RangeError when the schedule gives no positive integer; StructureError when gradients
   * are not like those gathered.
   */
  update(
    updates: Tree,
    state: MultiStepsState,
    params: Tree,
    extra?: ExtraArgs,
  ): readonly [updates: Tree, state: MultiStepsState] {
    const { miniStep, gradientStep, innerOptState, accGrads } = state;
    checkAlike("MultiSteps", { updates, accGrads });
    const k = this.everyK(gradientStep);
    checkSteps("MultiSteps", "everyKSchedule", k);
    const [decision, skipState] = this.shouldSkip(updates, gradientStep, params);
    if (isTrue("MultiSteps", "shouldSkipUpdateFn", decision))
      return [mapTree(zerosLike, updates), { ...state, skipState }];
    const gathered = this.gather(updates, accGrads, miniStep);
    const next = { miniStep: (miniStep + 1) % k, skipState };
    if (miniStep !== k - 1) {
      const kept = { ...next, gradientStep, innerOptState, accGrads: gathered };
      return [mapTree(zerosLike, updates), kept];
    }
    const [given, after] = this.opt.update(gathered, innerOptState, params, extra);
    const afresh = { gradientStep: gradientStep + 1, innerOptState: after };
    return [given, { ...next, ...afresh, accGrads: mapTree(zerosLike, accGrads) }];
  }

  /**
   * Whether the optimizer took a step in the last one.
   * @param state - What `update` returned, or the `optState` of an Optimizer with this
   * transformation.
   */
  hasUpdated(state: Nested<unknown>): boolean {
    return numberAt(state, "miniStep") === 0 && numberAt(state, "gradientStep") > 0;
  }

  /** This, which has `init` and `update` itself. */
  gradientTransformation(): GradientTransformation {
    return this;
  }

  /** A mean that goes along is as exact as its terms (Welford 1962). */
  private gather(updates: Tree, acc: Tree, count: number): Tree {
    return mapTree(
      (u, a) => (this.useGradMean ? add(a, div(sub(u, a), count + 1)) : add(u, a)),
      updates,
      acc,
    );
  }
}

const factoryName = "tx.MultiSteps";

registerFactory(
  factoryName,
  (...args: ConstructorParameters<typeof MultiSteps>): MultiSteps => new MultiSteps(...args),
);

function numberAt(state: unknown, name: string): number {
  const found: unknown = typeof state === "object" && state !== null ? Reflect.get(state, name) : undefined;
  const value: unknown = found instanceof Variable ? found.value : found;
  if (typeof value === "number") return value;
  throw new StructureError(
    `MultiSteps.hasUpdated: expected the state of MultiSteps, got ${describe(state)}. ` +
      "Pass what update returned, or the optState of an Optimizer.",
  );
}

registerFunction("tx.MultiStepsClass", MultiSteps);
