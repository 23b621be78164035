/** @file Functions that replace the values of a State and keep its paths. */
import { checkFunction } from "../data/functions.ts";
import type { Path, PathPart } from "../path.ts";
import { isVariableState, type VariableState } from "../variable/variable-state.ts";
import { checkSamePaths } from "./same-paths.ts";
import { StatesBuilder } from "./builder.ts";
import { checkState, requireLeaf } from "./check-state.ts";
import {
  heldValue,
  leafValue,
  type OwnedState,
  type State,
  type StateLeaf,
  type StateNode,
} from "./state.ts";
import type { LeafIn } from "./state-of.ts";
import { walkState } from "./walk-state.ts";

/**
 * Applies `f` to each leaf, and to the leaves that further States have at its path. Subtrees of the
 * first State in which `f` returns every leaf unchanged are reused.
 * @param state - The first State, whose paths count.
 * @throws {@link StructureError} when `f` returns something else than a leaf, and, before `f` is
 * called, when the States do not have the same paths.
 * @see Flax `nnx.map_state`, `jax.tree.map`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const cleared = nnx.mapState(
 *   (path, leaf) => (path.at(-1) === "bias" ? leaf : nnx.leafValue<tf.Tensor>(leaf).clone()),
 *   nnx.state(model),
 * );
 * Object.keys(cleared); // => ["bias", "kernel"]
 * nnx.dispose(cleared);
 * ```
 */
export function mapState<const S extends StateNode>(
  f: (path: Path, leaf: LeafIn<S>) => StateLeaf,
  state: S,
): OwnedState;
export function mapState<const S extends StateNode, const T extends StateNode>(
  f: (path: Path, leaf: LeafIn<S>, other: LeafIn<T>) => StateLeaf,
  state: S,
  other: T,
): OwnedState;
export function mapState(
  f: (path: Path, ...leaves: StateLeaf[]) => StateLeaf,
  ...states: readonly [StateNode, ...StateNode[]]
): OwnedState;
export function mapState(
  f: (path: Path, ...leaves: never[]) => StateLeaf,
  state: StateNode,
  ...others: readonly StateNode[]
): OwnedState {
  // The leaves of a State of type `S` have the type `LeafIn<S>`.
  return mapLeaves("mapState", f as MapLeaf, state, ...others);
}

type MapLeaf = (path: Path, leaf: StateLeaf, ...others: StateLeaf[]) => StateLeaf;

/** As {@link mapState}, called by another name. */
export function mapLeaves(
  where: string,
  f: MapLeaf,
  state: StateNode,
  ...others: readonly StateNode[]
): OwnedState {
  checkFunction(where, f, others.length > 0 ? "f, state, other" : "f, state");
  const whole = checkState(where, state);
  const rest: readonly StateNode[] = others.map((other) => checkState(where, other));
  if (rest.length > 0) checkSamePaths(where, whole, rest);
  return leavesBeside(whole, rest, allBelow, (leaf, key, beside, pathOf) => {
    const path = pathOf();
    const more = key === undefined ? beside : allBelow(beside, key);
    return requireLeaf(where, path, f(path, leaf, ...(more as readonly StateLeaf[])));
  });
}

/** The children under a key of States that have the same paths. */
const allBelow = (nodes: readonly StateNode[], key: PathPart): readonly StateNode[] =>
  nodes.length === 0 ? nodes : nodes.map((node) => (node as State)[key] as StateNode);

/**
 * Returns a State with the results of `f` for each leaf. A leaf for which `f` returns `undefined`
 * is left out. Subtrees in which nothing changed are reused.
 * @param start - The value that accompanies the root, such as another State.
 * @param below - Returns the value that accompanies a subtree, from that of the subtree around it.
 * @param f - Gets the leaf, and the value that accompanies the subtree that contains it.
 */
export function leavesBeside<At>(
  whole: State,
  start: At,
  below: (at: At, key: PathPart) => At,
  f: (leaf: StateLeaf, key: PathPart | undefined, at: At, path: () => Path) => StateLeaf | undefined,
): OwnedState {
  const builder = new StatesBuilder(1, [whole]);
  const open: At[] = [start];
  walkState(whole, {
    enter: (key) => {
      open.push(below(open.at(-1) as At, key));
      builder.enter(key);
    },
    leaf: (key, leaf) => {
      const made = f(leaf, key, open.at(-1) as At, () => builder.pathTo(key));
      if (made) builder.put(0, key, made);
    },
    exit: () => {
      open.pop();
      builder.exit();
    },
  });
  return builder.finish()[0] as OwnedState;
}

/**
 * Returns the leaf with another value and the same type and metadata. If the value is the same,
 * returns the leaf itself.
 */
export function withValue(leaf: StateLeaf, value: unknown): StateLeaf {
  if (value === heldValue(leaf)) return leaf;
  return isVariableState(leaf) ? Object.freeze({ ...leaf, value }) : (value as StateLeaf);
}

/** A State with other values in its leaves. */
export type WithValues<S, R> = 0 extends 1 & S
  ? S
  : S extends VariableState<unknown, infer C>
    ? VariableState<R, C>
    : S extends State
      ? string extends keyof S
        ? S
        : { readonly [K in keyof S as Exclude<K, symbol>]: WithValues<S[K], R> }
      : S extends StateLeaf
        ? R
        : S;

/**
 * Applies `f` to each value (the tensor itself), and to the values that further States have at its
 * path. The path is the last argument. Types and metadata come from the first State.
 * @param state - Any State.
 * @throws {@link StructureError} when the States do not have the same paths; `f` was not called
 * then.
 * @see `jax.tree.map` over States
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const grads = nnx.grad((m: nnx.Linear) => tf.sum(m.forward(tf.ones([3, 2]))))(model);
 * const params = nnx.state(model, nnx.Param);
 * nnx.update(model, nnx.mapValues((p: tf.Tensor, g: tf.Tensor) => tf.sub(p, tf.mul(g, 0.1)), params, grads));
 * ```
 */
export function mapValues<S extends StateNode, R>(
  f: (value: never, path: Path) => R,
  state: S,
): OwnedState<WithValues<S, R>>;
export function mapValues<S extends StateNode, R>(
  f: (value: never, other: never, path: Path) => R,
  state: S,
  other: StateNode,
): OwnedState<WithValues<S, R>>;
export function mapValues<S extends StateNode, R>(
  f: (...values: never[]) => R,
  ...states: readonly [S, ...StateNode[]]
): OwnedState<WithValues<S, R>>;
export function mapValues(
  f: (...values: never[]) => unknown,
  state: StateNode,
  ...others: readonly StateNode[]
): OwnedState {
  checkFunction("mapValues", f, others.length > 0 ? "f, state, other" : "f, state");
  const mapped: MapLeaf = (path, leaf, ...more) => {
    const values = [leaf, ...more].map((each): unknown => leafValue(each));
    return withValue(leaf, f(...([...values, path] as never[])));
  };
  return mapLeaves("mapValues", mapped, state, ...others);
}
