/** @file Makes a new model by applying a function to all of its parts, children first. */
import { checkFunction } from "../data/functions.ts";
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import { checkState, isStateLike } from "../state/check-state.ts";
import { leavesOf } from "../state/flatten-state.ts";
import { makeState } from "../state/holding.ts";
import { heldValue } from "../state/state.ts";
import type { Frame } from "./frame.ts";
import { copyGraph } from "./copy.ts";
import { childAt, setChild } from "./node.ts";
import { Walk } from "./walk.ts";

/**
 * Makes a copy of the model that shares its Variables, and replaces each part by the result of `f`:
 * nodes, containers, Variables, arrays and static values, children first. A shared part is mapped
 * once, and stays shared. The copy owns nothing, like a `view`.
 * @param node - The model.
 * @throws {@link StructureError} for models with cycles, whose parts have no order.
 * @see Flax `nnx.recursive_map`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs(0);
 * const model = new nnx.Sequential(new nnx.Linear(4, 3, { rngs }), new nnx.Dropout(0.5, { rngs }));
 * // The same model with LoRA around each Linear.
 * const adapted = nnx.recursiveMap(
 *   (_path, value) =>
 *     value instanceof nnx.Linear ? new nnx.LoRA(4, 2, 3, { baseModule: value, rngs }) : value,
 *   model,
 * );
 * adapted.layers[0] instanceof nnx.LoRA; // => true
 * ```
 */
export function recursiveMap<M>(f: (path: Path, value: unknown) => unknown, node: M): M {
  checkFunction("recursiveMap", f, "f, model");
  // `f` may return any type for the root; callers then cast the result.
  return mapAll(f, node) as M;
}

/** A node or container that is not left yet. */
interface Copy {
  readonly frame: Frame;
  /**
   * The object that the results are written into. States are frozen, so for their parts it is a new
   * object.
   */
  readonly value: object;
  readonly isPartOfState: boolean;
}

function mapAll(f: (path: Path, value: unknown) => unknown, node: unknown): unknown {
  const walk = new Walk(copyGraph(node, { isView: true }).copy);
  const done = new Map<unknown, unknown>();
  const inside = new Set<unknown>();
  const copies: Copy[] = [];
  let result: unknown;
  while (walk.next()) {
    const { kind, value } = walk;
    if (done.has(value)) result = done.get(value);
    else if (kind === "node" || kind === "container") {
      if (inside.has(value)) throw cycle(walk.path(), value);
      inside.add(value);
      copies.push(copyFor(walk.enter(), copies.at(-1)));
      continue;
    } else {
      result = f(walk.path(), kind === "left" ? finished(copies.pop() as Copy) : value);
      if (kind === "left" || kind === "variable") done.set(value, result);
      inside.delete(value);
    }
    const copy = copies.at(-1);
    if (copy && !Object.is(value, result)) setChild(copy.value, walk.key, result);
  }
  return result;
}

function copyFor(frame: Frame, above: Copy | undefined): Copy {
  const isPartOfState = above !== undefined && above.value !== above.frame.value;
  const value = isPartOfState || isStateLike(frame.value) ? { ...frame.value } : frame.value;
  return { frame, value, isPartOfState };
}

/**
 * Returns the node, container or State with its new children. If no child changed, returns the
 * original.
 */
function finished({ value, frame, isPartOfState }: Copy): object {
  const original = frame.value;
  if (value === original || frame.keys.every((key) => childAt(value, key) === childAt(original, key)))
    return original;
  // A part of a State is frozen when the whole State is made.
  if (isPartOfState || !isStateLike(value)) return value;
  const state = checkState("recursiveMap", value);
  return makeState({ ...state }, leavesOf(state).map(heldValue));
}

const cycle = (path: Path, value: unknown): StructureError =>
  new StructureError(
    `recursiveMap at ${formatPath(path)}: expected a model without cycles, got ${describe(value)} inside itself. ` +
      "A part cannot come before and after itself: use map, which goes over leaves only.",
  );
