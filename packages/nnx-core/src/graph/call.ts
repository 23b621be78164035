/** @file Calls methods of a split model. */
import { dispose } from "./dispose.ts";
import { describe, NotFoundError, StructureError } from "../errors.ts";
import { isClass } from "../data/functions.ts";
import { formatPath, type PathPart } from "../path.ts";
import type { OwnedState, State } from "../state/state.ts";
import { checkGraphDef } from "./check-graph-def.ts";
import type { GraphDef } from "./graph-def.ts";
import { type GraphState, isGraphState } from "./graph-state.ts";
import { mapKeyOf } from "./keys.ts";
import { merge } from "./merge.ts";
import { take } from "./split.ts";

/** A definition and all its values. */
export type SplitPair<M> = readonly [graphdef: GraphDef<M>, state: State];

/** The methods of `M` and of its parts. Each returns its result and the pair after the call. */
export type Caller<M, Root = M> = {
  readonly [K in keyof M]: M[K] extends (...args: infer A) => infer R
    ? (...args: A) => [result: R, [graphdef: GraphDef<Root>, state: OwnedState]]
    : M[K] extends object
      ? Caller<M[K], Root>
      : never;
};

/**
 * Calls a method of a split model, or of a part of it. `call` merges the model, runs the method,
 * and returns its result with the new definition and State. The given pair or GraphState does not
 * change.
 * @param split - A definition and its State, as one value or as a pair.
 * @throws {@link NotFoundError} when there is no such method.
 * @see Flax `nnx.call`, `GraphDef.apply`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const [graphdef, params] = nnx.split(model);
 * const [y, [, after]] = nnx.call([graphdef, params]).forward(tf.ones([2, 4]));
 * y.shape; // => [2, 3]
 * ```
 */
export function call<M extends object>(split: SplitPair<M> | GraphState<M>): Caller<M> {
  const [graphdef, state] = isGraphState(split) ? [split.graphdef, split.state] : pairIn(split);
  // The Proxy resolves the method by its path when it is called, so it has every key of its type.
  return callerAt(graphdef, state, []) as Caller<M>;
}

function pairIn(split: unknown): SplitPair<unknown> {
  const [graphdef, state, ...more] = Array.isArray(split) ? (split as readonly unknown[]) : [];
  checkGraphDef("call", graphdef);
  if (state === undefined || more.length > 0) {
    throw new StructureError(
      `call: expected a GraphDef and its State, got ${describe(split)}. Pass [graphdef, state], as split returns it without filters.`,
    );
  }
  return [graphdef, state as State];
}

function callerAt(graphdef: GraphDef, state: State, path: readonly PathPart[]): unknown {
  return new Proxy(() => {}, {
    get: (_, key) =>
      // Promises, consoles and test runners read `then` and symbol keys to learn whether they can
      // await or print a value. A caller supports neither.
      typeof key === "symbol" || (key === "then" && path.length === 0)
        ? undefined
        : callerAt(graphdef, state, [...path, key]),
    apply: (_, __, args: unknown[]) => run(graphdef, state, path, args),
  });
}

function run(graphdef: GraphDef, state: State, path: readonly PathPart[], args: unknown[]): unknown {
  const model = merge(graphdef, state);
  let owner: unknown = model;
  let target: unknown = model;
  try {
    for (const part of path) {
      owner = target;
      target =
        owner instanceof Map
          ? owner.get(mapKeyOf(owner, String(part)))
          : typeof owner === "object" && owner !== null
            ? Reflect.get(owner, part)
            : undefined;
    }
    if (typeof target !== "function" || isClass(target)) {
      throw new NotFoundError(
        `call at ${formatPath(path)}: expected a method, got ${describe(target)}. Name a method of the model, or of a part of it.`,
      );
    }
    const result: unknown = Reflect.apply(target, owner, args);
    const [after, [values]] = take("call", model, []);
    return [result, [after, values]];
  } finally {
    dispose(model);
  }
}
