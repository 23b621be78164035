/** @file The result of `captureGradients`, and `valuesAt`, which reads it. */
import type { GradientOf } from "../autodiff/grad-types.ts";
import { NotFoundError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import type { Kind } from "../recording/session.ts";
import { flattenState } from "../state/flatten-state.ts";
import { below, isLeaf, leafValue, type State, type StateNode } from "../state/state.ts";
import type { Tensor } from "../tensor.ts";
import type { VariableState } from "../variable/variable-state.ts";

/**
 * The value of one call, and its gradient in the same structure. The gradient of what is no float32
 * tensor is `undefined`.
 */
export interface ValueAndGradient<T = unknown> {
  readonly value: T;
  readonly gradient: T;
}

/** A State in which each leaf's value is a list of {@link ValueAndGradient}, one for each call. */
export interface GradientState {
  readonly [key: string]: GradientState | VariableState<readonly ValueAndGradient<Tensor>[]>;
}

/** What {@link captureGradients} returns. */
export interface CapturedGradients<M, Aux = undefined> {
  readonly loss: Tensor;
  readonly aux: Aux;
  /** The gradients of the model's selected Variables. */
  readonly gradients: GradientOf<M>;
  /**
   * What was sown, of all types. Each leaf's value is a list with one {@link ValueAndGradient} for
   * each call.
   */
  readonly sown: GradientState;
  /** What was perturbed, in the same form. */
  readonly perturbed: GradientState;
  /** What methods returned, in the same form. Empty without `methodOutputs`. */
  readonly outputs: GradientState;
}

/**
 * What was captured at a path. Of a State of `captureGradients` this is a list with the value and
 * gradient of each call, of any other State the leaf's value.
 * @typeParam T - The type of the recorded values, if they are no tensors.
 * @param state - A part of what `captureGradients` gave.
 * @param path - The path of the module, then the name; or `"forward"` for its output.
 * @returns One entry for each time it was recorded; value and gradient have the same shape.
 * @throws {@link NotFoundError} when there is no leaf at the path. The message lists all paths.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * class Net extends nnx.Module {
 *   readonly linear = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 *   forward(x: tf.Tensor): tf.Tensor {
 *     const h = this.linear.forward(x);
 *     this.sow(nnx.Intermediate, "h", h);
 *     return nnx.relu(h);
 *   }
 * }
 * const lossFn = (m: Net, x: tf.Tensor) => tf.mean(m.forward(x));
 * const seen = nnx.captureGradients(lossFn)(new Net(), tf.ones([2, 4]));
 * nnx.valuesAt(seen.sown, ["h"]).map(({ gradient }) => gradient.shape); // => [[2, 3]]
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

/** Remembers which States one call of `captureGradients` returned. */
export function noteParts(parts: Parts): void {
  for (const part of Object.values(parts)) partsOf.set(part, parts);
}

/** The advice to look into another State of the same call, if the path is there. */
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
