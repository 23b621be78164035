/** @file What turns gradients into updates, and how several of these become one. */
import { registerFactory, StructureError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import type { Tensor } from "@nnxjs/kernels/internal";
import type { PRNGKey } from "@nnxjs/rnglib";
import type { Nested, Tree } from "../tree/tree.ts";
import { noteChain, notePassing } from "./applying.ts";

/**
 * What a transformation remembers between steps: numbers, tensors, keys, and nested arrays and
 * records of them.
 */
export type TransformationState = Nested<number | Tensor | PRNGKey>;

/**
 * What a step knows beside the gradients, by name: `optimizer.update(model, grads, extra)` passes
 * it to every transformation, and each takes what it needs.
 * @see optax `GradientTransformationExtraArgs`
 */
export interface ExtraArgs {
  /** The loss at the parameters, a number or a scalar. */
  readonly value?: number | Tensor;
  /** The gradients at the parameters. */
  readonly grad?: Tree;
  /** The loss at other parameters, a scalar. It may be called often. */
  readonly valueFn?: (params: Tree) => Tensor;
  readonly [name: string]: unknown;
}

/**
 * Turns gradients into updates, step by step. Both functions are pure: what changes goes through
 * the state.
 * @see optax `GradientTransformation`
 */
export interface GradientTransformation<S extends TransformationState = TransformationState> {
  /** The state before the first step. */
  init(params: Tree): S;
  /**
   * The updates of this step, to be added to the parameters, and the next state, of the structure
   * of the one before.
   * @param extra - What the step was given beside gradients; wrappers pass it on.
   */
  update(updates: Tree, state: S, params: Tree, extra?: ExtraArgs): readonly [updates: Tree, state: S];
}

/** Whether `x` has what a transformation has. */
export const isTransformation = (x: unknown): x is GradientTransformation =>
  typeof x === "object" &&
  x !== null &&
  typeof Reflect.get(x, "init") === "function" &&
  typeof Reflect.get(x, "update") === "function";

/** @throws StructureError for what is no transformation. @param place - Such as "as argument 0". */
export function checkTransformation(where: string, x: unknown, place = ""): void {
  if (isTransformation(x)) return;
  throw new StructureError(
    `${where}: expected gradient transformations, got ${describe(x)}${place === "" ? "" : ` ${place}`}. ` +
      "Pass what functions such as clip(1) and adam(1e-3) return.",
  );
}

/**
 * Passes updates on as they are. (`nnx.identity` is the activation.)
 * @see `optax.identity`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.identityTransformation(), nnx.adam(1e-3));
 * ```
 */
export const identityTransformation: () => GradientTransformation = registerFactory("tx.identity", () =>
  notePassing({
    init: () => [],
    update: (updates, state) => [updates, state],
  }),
);

/** One for all, for chains that may or may not have another part. */
export const identity: GradientTransformation = identityTransformation();

/**
 * One transformation after another; the state is the list of theirs. Extra arguments go to all.
 * @param transformations - Each gets the updates of the one before.
 * @throws StructureError for what is no transformation, and for the state of another chain.
 * @see `optax.chain`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.clipByGlobalNorm(1), nnx.adam(1e-3));
 * ```
 */
export const chain: (
  ...transformations: readonly GradientTransformation[]
) => GradientTransformation<readonly TransformationState[]> = registerFactory(
  "tx.chain",
  (...transformations: GradientTransformation[]) => {
    transformations.forEach((each, i) => {
      checkTransformation("chain", each, `as argument ${i}`);
    });
    const made: GradientTransformation<readonly TransformationState[]> = {
      init: (params) => transformations.map((each) => each.init(params)),
      update: (updates, states: unknown, params, extra) => {
        checkStates(transformations.length, states);
        let current = updates;
        const next = transformations.map((each, i) => {
          const [result, state] = each.update(current, states[i] as TransformationState, params, extra);
          current = result;
          return state;
        });
        return [current, next];
      },
    };
    return noteChain(made, transformations, checkStates);
  },
);

/** @throws StructureError unless there is one state for each of a chain's transformations. */
function checkStates(count: number, states: unknown): asserts states is readonly TransformationState[] {
  if (Array.isArray(states) && states.length === count) return;
  throw new StructureError(
    `chain: expected a list of ${count} states, got ${describe(states)}. ` +
      "Restore the state of the same chain of transformations.",
  );
}
