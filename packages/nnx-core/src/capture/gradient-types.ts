/** @file What `captureGradients` returns, and reading it. */
import type { GradientOf } from "../autodiff/grad-types.ts";
import { NotFoundError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import type { Kind } from "../recording/session.ts";
import { flattenState } from "../state/flatten-state.ts";
import { below, isLeaf, leafValue, type State, type StateNode } from "../state/state.ts";
import type { Tensor } from "../tensor.ts";
import type { VariableState } from "../variable/variable-state.ts";

/**
 * A value of one call and its gradient, in the same structure; what is no float32 tensor has the
 * gradient `undefined`.
 */
export interface ValueAndGradient<T = unknown> {
  readonly value: T;
  readonly gradient: T;
}

/** A State in which each leaf's value is a list of {@link ValueAndGradient}, one for each call. */
export interface GradientState {
  readonly [key: string]: GradientState | VariableState<readonly ValueAndGradient<Tensor>[]>;
}

/** What one pass forward and one back showed. */
export interface CapturedGradients<M, Aux = undefined> {
  readonly loss: Tensor;
  readonly aux: Aux;
  /** Of the model's selected Variables. */
  readonly gradients: GradientOf<M>;
  /**
   * What was sown, whatever its type: each leaf's value is a list of {@link ValueAndGradient}, one
   * for each call.
   */
  readonly sown: GradientState;
  /** What was perturbed, likewise. */
  readonly perturbed: GradientState;
  /** What methods returned, likewise; empty unless asked for. */
  readonly outputs: GradientState;
}

/**
 * What was captured at a path: with `captureGradients` the values of all calls with their
 * gradients, otherwise the leaf's value.
 * @typeParam T - What was recorded there, where it is no tensor.
 * @throws {@link NotFoundError} when there is no leaf; the message lists the paths that there are.
 * @example
 * ```ts
 * const seen = nnx.captureGradients(lossFn)(model, x);
 * nnx.valuesAt(seen.sown, ["features"]).map(({ gradient }) => gradient.shape); // => [[2, 8]]
 * nnx.dispose(seen);
 * ```
 */
export function valuesAt<T = Tensor>(state: GradientState, path: Path): readonly ValueAndGradient<T>[];
export function valuesAt(state: State, path: Path): unknown;
export function valuesAt(state: State, path: Path): unknown {
  const node = nodeAt(state, path);
  if (node !== undefined && isLeaf(node)) return leafValue(node);
  const known = flattenState(state).map(([each]) => formatPath(each));
  const elsewhere = partsWith(state, path);
  throw new NotFoundError(
    `valuesAt: expected the path of a leaf (${known.join(", ") || "there are none"}), got ${formatPath(path)}. ` +
      (elsewhere ?? "flattenState lists paths with their leaves."),
  );
}

type Parts = Readonly<Record<Kind, GradientState>>;

const partsOf = new WeakMap<object, Parts>();

/** Remembers which States come from one call of `captureGradients`. */
export function noteParts(parts: Parts): void {
  for (const part of Object.values(parts)) partsOf.set(part, parts);
}

/** Where else a path is, among what the same call captured. */
function partsWith(state: State, path: Path): string | undefined {
  for (const [name, part] of Object.entries(partsOf.get(state) ?? {})) {
    if (part !== state && nodeAt(part, path) !== undefined)
      return `It is among what was captured as ${name}: write valuesAt(captured.${name}, ...).`;
  }
  return undefined;
}

function nodeAt(state: State, path: Path): StateNode | undefined {
  let node: StateNode | undefined = state;
  for (const part of path) node = below(node, part);
  return node;
}
